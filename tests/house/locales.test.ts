import { IntlMessageFormat } from 'intl-messageformat';
import type { TObject, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { expect, test } from 'vitest';
import * as settingForms from '#src/features/access/directory/forms.ts';
import * as people from '#src/features/access/people/forms.ts';
import * as calendar from '#src/features/calendar/forms.ts';
import * as clientBulk from '#src/features/clients/bulk/forms.ts';
import * as clients from '#src/features/clients/forms.ts';
import * as admin from '#src/features/company/extra-fields/forms.ts';
import * as organizations from '#src/features/company/organizations/forms.ts';
import * as clientCatalogs from '#src/features/company/tags/forms.ts';
import * as workdays from '#src/features/company/work-calendar/forms.ts';
import * as bulk from '#src/features/deals/bulk/forms.ts';
import * as dates from '#src/features/deals/dates/forms.ts';
import * as deals from '#src/features/deals/forms.ts';
import * as dealCatalogs from '#src/features/deals/pipelines/forms.ts';
import * as imports from '#src/features/imports/forms.ts';
import * as stepBulk from '#src/features/interactions/bulk/forms.ts';
import * as interactions from '#src/features/interactions/forms.ts';
import * as kinds from '#src/features/interactions/kinds/forms.ts';
import * as reminders from '#src/features/interactions/reminders/forms.ts';
import * as mail from '#src/features/mail/forms.ts';
import * as filters from '#src/features/saved-filters/forms.ts';
import * as settings from '#src/features/settings/forms.ts';
import en from '#src/locales/en.json' with { type: 'json' };
import ru from '#src/locales/ru.json' with { type: 'json' };
import { filesIn } from './building.ts';

const messages = { ru, en } as { ru: Record<string, string>; en: Record<string, string> };
const keys = Object.keys(ru);
const nouns = new Set(keys.map((key) => key.split('.')[0]));
const sources = [...filesIn('src', '.ts'), ...filesIn('views', '.eta')];

// Each kind of quote by itself: in a template one stands inside the other.
const quoted = (text: string) =>
	[/'([^'\n]*)'/g, /"([^"\n]*)"/g, /`([^`\n]*)`/g].flatMap((kind) =>
		[...text.matchAll(kind)].map(([, one]) => one ?? ''),
	);

const forms = Object.entries({
	...admin,
	...bulk,
	...clientBulk,
	...stepBulk,
	...calendar,
	...clientCatalogs,
	...clients,
	...dates,
	...dealCatalogs,
	...deals,
	...filters,
	...imports,
	...interactions,
	...kinds,
	...mail,
	...organizations,
	...people,
	...reminders,
	...settingForms,
	...settings,
	...workdays,
}).filter(([name]) => name.endsWith('Form'));
/** Fields of the forms that people fill in: `label.${field}` says their names. */
const formFields = forms.flatMap(([, form]) => Object.entries((form as TObject).properties));

test('both languages have the same keys, in order', () => {
	expect(Object.keys(en)).toEqual(keys);
	expect(keys).toEqual([...keys].sort());
});

/** Keys made at run time, as `keys.${key}Does`: what is put in must stand as a word in the same file. */
function made(text: string): string[] {
	return [...text.matchAll(/`([a-zA-Z]+\.)\$\{[^}]*\}([a-zA-Z]*)`/g)].flatMap(([, head, tail]) => {
		const words = head === 'label.' ? formFields.map(([name]) => name) : quoted(text);
		return words.map((word) => `${head}${word}${tail}`).filter((key) => keys.includes(key));
	});
}

test('no key is unused', () => {
	const used = new Set(sources.flatMap(({ text }) => [...quoted(text), ...made(text)]));
	// The sign-in has a field of its own page.
	used.add('label.login');
	expect(keys.filter((key) => !used.has(key))).toEqual([]);
});

test('every key that a template names exists', () => {
	const missing = filesIn('views', '.eta').flatMap(({ path, text }) =>
		quoted(text)
			.filter((one) => /^[a-z][a-zA-Z]*\.[a-zA-Z]+$/.test(one) && nouns.has(one.split('.')[0]))
			.filter((one) => !keys.includes(one))
			.map((one) => `${path}: ${one}`),
	);
	expect(missing).toEqual([]);
});

/** Whether anything can be wrong with a field: a check box takes whatever comes. */
function mayBeWrong(field: TSchema): boolean {
	try {
		Value.Decode(field, '\0');
		return false;
	} catch {
		return true;
	}
}

test('every field of a form that can be filled in wrongly has a name for people', () => {
	expect(formFields.length).toBeGreaterThan(30);
	const unnamed = formFields
		.filter(([, field]) => mayBeWrong(field))
		.filter(([name]) => !keys.includes(`label.${name}`));
	expect(unnamed.map(([name]) => name)).toEqual([]);
});

/** The names that a message takes, its plurals and selections included. */
function takes(message: string, language: string): string[] {
	const names = new Set<string>();
	const walk = (parts: unknown): void => {
		for (const part of parts as {
			type: number;
			value?: string;
			options?: Record<string, { value: unknown }>;
		}[]) {
			// 0 is text, 7 the # of a plural; everything else takes an argument.
			if (part.type !== 0 && part.type !== 7) names.add(String(part.value));
			for (const option of Object.values(part.options ?? {})) walk(option.value);
		}
	};
	walk(new IntlMessageFormat(message, language, undefined, { ignoreTag: true }).getAst());
	return [...names].sort();
}

test('every message can be read in both languages and takes the same in both', () => {
	const different = keys.filter((key) => {
		const [russian, english] = [messages.ru[key] ?? '', messages.en[key] ?? ''];
		expect(russian.trim(), key).not.toBe('');
		expect(english.trim(), key).not.toBe('');
		return takes(russian, 'ru').join() !== takes(english, 'en').join();
	});
	expect(different).toEqual([]);
});

test('Russian sentences have no straight quotes, and no message is markup', () => {
	expect(keys.filter((key) => /["]|''/.test(messages.ru[key] ?? ''))).toEqual([]);
	const all = keys.flatMap((key) => [messages.ru[key], messages.en[key]]);
	expect(all.filter((message) => /<\/?[a-z]|&[a-z]+;/.test(message ?? ''))).toEqual([]);
});

test('what is sold is called «интерес» in Russian and “deal” in English, in every text', () => {
	const other = { ru: /сдел(?:к|ок)/i, en: /\binterests?\b|opportunit/i };
	const mixed = (['ru', 'en'] as const).flatMap((language) =>
		keys
			.filter((key) => other[language].test(messages[language][key] ?? ''))
			.map((key) => `${language} ${key}`),
	);
	// The columns of other programs' files go by the names that those give them.
	const beside = sources.filter(
		({ path, text }) => !path.endsWith('imports/columns/columns.ts') && other.ru.test(text),
	);
	expect([...mixed, ...beside.map(({ path }) => path)]).toEqual([]);
});

test('Russian plurals have all three forms', () => {
	const short = keys.filter((key) =>
		[...(messages.ru[key] ?? '').matchAll(/plural,([^}]*\}[^}]*\}[^}]*\})/g)].some(
			([, forms]) =>
				!/one/.test(forms ?? '') || !/few/.test(forms ?? '') || !/other/.test(forms ?? ''),
		),
	);
	expect(short).toEqual([]);
});
