import { formatDay, formatMoment, type Viewer } from '#src/platform/i18n/dates.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { drawLetter } from '#src/platform/pages/letters.ts';
import { type LetterItem, type LetterPart, said } from './letter.ts';

/** A letter as its reader sees it. `base` is the address of this application, without a slash at the end. */
export type Drawing = { viewer: Viewer; base: string; subject: string; parts: LetterPart[] };

/** The letter as HTML that old mail programs show too. */
export function htmlOf({ viewer, base, subject, parts }: Drawing): string {
	const drawn = parts.map((part) => ({
		...part,
		...('words' in part && { words: said(part.words, viewer.language) }),
		...('items' in part && {
			items: part.items.map((item) => ({ ...item, when: whenOf(item, viewer) })),
		}),
	}));
	return drawLetter('mail/letter', viewer, { subject, base, parts: drawn });
}

/** The same letter as plain text. */
export function textOf({ viewer, base, parts }: Drawing): string {
	const footer = translate(viewer.language, 'mail.footerText', { href: `${base}/settings` });
	return `${parts.map((part) => plain(part, viewer, base)).join('\n\n')}\n\n-- \n${footer}\n`;
}

function plain(part: LetterPart, viewer: Viewer, base: string): string {
	if (part.part === 'quote') return part.text.replace(/^/gm, '> ');
	if (part.part === 'items')
		return part.items.map((item) => plainItem(item, viewer, base)).join('\n\n');
	const words = said(part.words, viewer.language);
	if (part.part === 'button') return `${words}: ${base}${part.href}`;
	return part.part === 'heading' ? words.toLocaleUpperCase(viewer.language) : words;
}

function plainItem(item: LetterItem, viewer: Viewer, base: string): string {
	const first = [whenOf(item, viewer), item.title].filter(Boolean).join(' – ');
	return [`* ${first}`, ...[...item.about, base + item.href].map((line) => `  ${line}`)].join('\n');
}

function whenOf({ plannedOn, plannedAt }: LetterItem, viewer: Viewer): string {
	if (plannedAt) return formatMoment(new Date(plannedAt), viewer, true);
	return plannedOn ? formatDay(plannedOn, viewer, true) : '';
}
