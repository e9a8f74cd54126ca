import { Eta } from 'eta';
import { FOLDERS } from '#src/config.ts';
import { formatDay, formatMoment, type Viewer } from '#src/platform/i18n/dates.ts';
import { type MessageArgs, type MessageKey, translate } from '#src/platform/i18n/translate.ts';

// What a letter needs and nothing of the screen: no icons, no assets, no page.
const eta = new Eta({
	views: FOLDERS.views,
	cache: true,
	functionHeader: 'const {viewer,t,day,moment}=it.h;',
	autoTrim: [false, 'nl'],
});

/** Draws the HTML of a letter for its reader, by the template of this name. */
export function drawLetter(
	template: string,
	viewer: Viewer,
	data: Record<string, unknown>,
): string {
	const h = {
		viewer,
		t: (key: MessageKey, args?: MessageArgs) => translate(viewer.language, key, args),
		day: (value: string) => formatDay(value, viewer, true),
		moment: (value: Date) => formatMoment(value, viewer, true),
	};
	return eta.render(`/${template}`, { h, ...data });
}
