import { expect, test } from 'vitest';
import ru from '#src/locales/ru.json' with { type: 'json' };
import { type MessageKey, translate } from '#src/platform/i18n/translate.ts';

// A number and its noun may hold together by a space that does not break.
const plain = (message: string) => message.replaceAll('\u00a0', ' ');

test('plurals are those of the language', () => {
	const deals = (n: number) => plain(translate('ru', 'board.sum', { n }));
	expect([1, 2, 5, 11, 21, 112].map(deals)).toEqual([
		'1 интерес',
		'2 интереса',
		'5 интересов',
		'11 интересов',
		'21 интерес',
		'112 интересов',
	]);
	expect([1, 2].map((n) => plain(translate('en', 'span.days', { n })))).toEqual([
		'1 day',
		'2 days',
	]);
});

test('what is filled in stays text: markup and braces are neither read nor translated', () => {
	for (const title of ['<b>x</b>', '{to}', '{n, plural, other {#}}', "it's '{quoted}'", '$&', '#'])
		expect(translate('ru', 'toast.dealCreated', { title })).toBe(`«${title}»: интерес создан`);
});

test('every message without arguments reads as it stands in the file', () => {
	for (const [key, message] of Object.entries(ru).filter(([, one]) => !/[{}']/.test(one))) {
		expect(translate('ru', key as MessageKey)).toBe(message);
		expect(translate('ru', key as MessageKey, {})).toBe(message);
	}
});

test('selections say each role and each group in words', () => {
	const roles = ['manager', 'head', 'administrator'].map((role) =>
		translate('ru', 'role.name', { role }),
	);
	expect(roles).toEqual(['Менеджер', 'Руководитель', 'Администратор']);
	const months = Array.from({ length: 12 }, (_, at) =>
		translate('ru', 'date.inMonth', { month: at + 1 }),
	);
	expect(new Set(months).size).toBe(12);
	expect([months[0], months[11]]).toEqual(['в январе', 'в декабре']);
});
