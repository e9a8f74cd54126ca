import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Whatever takes a quarter of a minute or more, the longest first: at the end no worker waits for another one's last file. */
const LONG = [
	'journeys/every-page',
	'platform/start',
	'journeys/accessible',
	'house/criteria',
	'journeys/live',
	'faults/kill',
	'journeys/connection',
	'faults/rolling',
	'journeys/portal',
	'platform/embedded',
	'auth/reach',
	'imports/kill',
	'journeys/drafts',
	'engine/installed',
	'journeys/client',
	'platform/backup',
	'journeys/keyboard',
	'journeys/filters',
	'calendar/log',
	'journeys/pipelines',
	'journeys/drag',
	'platform/keys',
	'engine/pooled-app',
	'live/instances',
];

export class LongestFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		const place = ({ moduleId }: TestSpecification) => {
			const at = LONG.findIndex((name) => moduleId.endsWith(`tests/${name}.test.ts`));
			return at === -1 ? LONG.length : at;
		};
		return (await super.sort(files)).toSorted((one, other) => place(one) - place(other));
	}
}
