import { bornWords } from '#src/features/clients/client/facts.ts';
import { POINT_ROWS } from '#src/features/clients/forms.ts';
import type { Contact } from '#src/features/clients/record.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { type Fact, factsWere } from '#src/platform/pages/fields.ts';
import type { Shape } from '#src/platform/pages/three-way-merge.ts';
import { factsOf } from './contacts.ts';

const EMPTY_ROWS = 3;
const NOBODY = {
	...{ name: '', position: null, role: null, bornOn: null, note: null },
	...{ phones: [], emails: [] },
};

/** The form of a contact: what is said of the person, and a row for each phone and mail with three empty ones. */
export type ContactFormView = {
	facts: Record<'name' | 'position' | 'role' | 'bornOn' | 'note', Fact>;
	phones: Fact[];
	emails: Fact[];
	labels: Record<string, string>;
	was: string;
	/** All of them, for an edit that comes late. */
	all: Fact[];
};

/** A late edit may find more rows than its form has. */
export const CONTACT_SHAPE: Shape = { rows: /^(?:phone|email)_\d+$/ };

/** The form of a contact, of a new one where there is none. `typed`: what it came back with, rows included. */
export function contactForm(
	contact: Contact | null,
	viewer: Viewer,
	typed: Record<string, string> = {},
): ContactFormView {
	const known = contact ? factsOf(contact) : NOBODY;
	const say = (key: Parameters<typeof translate>[1]) => translate(viewer.language, key);
	const fact = (name: 'name' | 'position' | 'role' | 'note', more: Partial<Fact>): Fact => {
		const value = known[name];
		return { name, label: say(`label.${name}`), shown: value, value: value ?? '', ...more };
	};
	const roles = [say('contact.decides'), say('contact.influences'), say('contact.uses')];
	const facts = {
		name: fact('name', { label: say('contact.name'), max: 300, required: true }),
		position: fact('position', { max: 200 }),
		role: fact('role', { max: 200, suggestions: [...roles, say('contact.pays')] }),
		bornOn: {
			...{ name: 'bornOn', label: say('label.bornOn'), kind: 'date' as const },
			...{ value: known.bornOn ?? '', shown: known.bornOn && bornWords(known.bornOn, viewer) },
		},
		note: fact('note', { kind: 'area', max: 2000 }),
	};
	const [phones, emails] = [
		rows('phone', known.phones, typed, say('label.contactPhone')),
		rows('email', known.emails, typed, say('label.contactEmail')),
	];
	const all = [...Object.values(facts), ...phones, ...emails];
	const labels = Object.fromEntries(all.map(({ name, label }) => [name, label]));
	return { facts, phones, emails, labels, was: factsWere(all), all };
}

function rows(
	name: 'phone' | 'email',
	values: readonly string[],
	typed: Record<string, string>,
	label: string,
): Fact[] {
	const used = Object.keys(typed).map((row) => Number(row.replace(`${name}_`, '')) || 0);
	const most = Math.min(POINT_ROWS, Math.max(values.length + EMPTY_ROWS, ...used));
	return Array.from({ length: most }, (_, n) => {
		const value = values[n] ?? '';
		const numbered = n === 0 ? label : `${label} ${n + 1}`;
		return { name: `${name}_${n + 1}`, label: numbered, shown: value || null, value };
	});
}
