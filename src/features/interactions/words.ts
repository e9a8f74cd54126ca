import type { Repeat } from '#src/features/interactions/series/recurrence.ts';
import { WEEKDAYS } from '#src/features/interactions/series/recurrence.ts';
import { formatDay, type Viewer } from '#src/platform/i18n/dates.ts';
import { translate } from '#src/platform/i18n/translate.ts';

/** How something is repeated: «каждую неделю, пн, ср, по 31 дек». */
export function repeatWords(repeat: Repeat, viewer: Viewer): string {
	const { frequency, every, weekdays, until, count } = repeat;
	const names = translate(viewer.language, 'date.weekdays').split(' ');
	return [
		translate(viewer.language, 'series.words', { frequency, every }),
		...WEEKDAYS.flatMap((day, nr) => (weekdays.includes(day) ? [names[(nr + 1) % 7]] : [])),
		until && translate(viewer.language, 'series.untilWords', { day: formatDay(until, viewer) }),
		count && translate(viewer.language, 'series.countWords', { n: count }),
	]
		.filter(Boolean)
		.join(', ');
}
