import type { ClientRecord, Contact, Point } from '#src/features/clients/record.ts';

const LINE_OCTETS = 75;

/**
 * A person as a card of version 3.0: the one that Outlook, Android and iOS all read, with Cyrillic in UTF-8.
 */
export function contactCard(contact: Contact, firm: string): string {
	const { name, position, bornOn, note, points } = contact;
	const [family, given, patronymic] = nameParts(name);
	return card([
		`N:${[family, given, patronymic, '', ''].map(escaped).join(';')}`,
		`FN:${escaped(name)}`,
		`ORG:${escaped(firm)}`,
		position && `TITLE:${escaped(position)}`,
		...points.map(pointLine),
		bornOn && `BDAY:${bornOn}`,
		note && `NOTE:${escaped(note)}`,
	]);
}

/** A client as a card of a firm, and one card for each of its contacts. */
export function clientCards(client: ClientRecord, contacts: readonly Contact[]): string {
	const { name, website, addresses, points } = client;
	const firm = card([
		`N:${escaped(name)};;;;`,
		`FN:${escaped(name)}`,
		`ORG:${escaped(name)}`,
		'X-ABShowAs:COMPANY',
		...points.map(pointLine),
		...addresses.map(({ value }) => `ADR;TYPE=WORK:;;${escaped(value)};;;;`),
		website && `URL:${escaped(website)}`,
	]);
	return [firm, ...contacts.map((contact) => contactCard(contact, name))].join('');
}

function pointLine({ kind, value, e164, extension }: Point): string {
	if (kind === 'email') return `EMAIL;TYPE=INTERNET:${escaped(value)}`;
	// Two commas are two pauses: phones dial the extension after them.
	const number = e164 ? `${e164}${extension ? `,,${extension}` : ''}` : value;
	return `TEL;TYPE=${e164 && /^\+79/.test(e164) ? 'CELL' : 'WORK'},VOICE:${escaped(number)}`;
}

// Russian names come as «Ольга Ёлкина», «Ёлкина Ольга Петровна» and «Ольга Петровна Ёлкина»: the patronymic tells.
function nameParts(name: string): [family: string, given: string, patronymic: string] {
	const words = name.split(/\s+/);
	const at = words.findIndex((word) => /(вич|вна|ична|инична|оглы|кызы)$/i.test(word));
	if (words.length === 3 && at === 2) return words as [string, string, string];
	if (words.length === 3 && at === 1)
		return [words[2] as string, words[0] as string, words[1] as string];
	if (words.length === 2) return [words[1] as string, words[0] as string, ''];
	return [name, '', ''];
}

const escaped = (text: string) => text.replace(/[\\;,]/g, '\\$&').replace(/\r\n|[\r\n]/g, '\\n');

function card(lines: (string | null | undefined)[]): string {
	const all = ['BEGIN:VCARD', 'VERSION:3.0', ...lines, 'END:VCARD'];
	return all.map((line) => (line ? `${folded(line)}\r\n` : '')).join('');
}

// Octets, not characters, and never in the middle of one.
function folded(line: string): string {
	const rows: string[] = [''];
	let octets = 0;
	for (const character of line) {
		const size = Buffer.byteLength(character);
		if (octets + size > LINE_OCTETS) {
			rows.push(' ');
			octets = 1;
		}
		rows[rows.length - 1] += character;
		octets += size;
	}
	return rows.join('\r\n');
}
