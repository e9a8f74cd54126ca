import { expect, test } from 'vitest';
import { attribute, read } from '../html.ts';
import { filesIn } from './building.ts';

/*
 * Three kinds of template, told apart by name: a page has a layout, a `_fragment` has one root with an id,
 * a response is only a list of replaced fragments.
 */
const views = filesIn('views', '.eta').map(({ path, text }) => ({
	name: path.replace(/^views\/|\.eta$/g, ''),
	text,
}));
const folders = [...new Set(views.map(({ name }) => name.split('/')[0]))].join('|');
const isFragment = (name: string) => /\/_/.test(name);
const isLayout = (name: string) => name.startsWith('layouts/');
const isPage = (text: string) => /<%\s*layout\(/.test(text);
const isResponse = ({ name, text }: { name: string; text: string }) =>
	!isFragment(name) && !isLayout(name) && !isPage(text);

/** Fragments without a root of their own, and why. */
const ROOTLESS = {
	'deals/history/_lines':
		'lines of the history that the page and «Показать ещё» put into the same <ol>',
	'deals/list/_rows': 'rows that the table and «Показать ещё» put into the same <tbody>',
	'clients/list/_rows': 'rows that the table and «Показать ещё» put into the same <tbody>',
	'deals/board/_cards': 'a list of rows that the column and «Показать ещё» put into the same <ul>',
	'interactions/agenda/_todo-lines':
		'a list of rows that a group and «Показать ещё» put into the same <ol>',
	'deals/board/_card': 'its root is a row: <li> around the article with the id of the deal',
};

function named(text: string): string[] {
	const literal = new RegExp(`['"\`](?:/(?=layouts/))?((?:${folders})(?:/[\\w-]+)+)['"\`]`, 'g');
	return [...text.matchAll(literal)].map(([, name]) => name as string);
}

test('every template is used somewhere, and every used one is there', () => {
	const used = new Set(
		[...filesIn('src', '.ts'), ...filesIn('views', '.eta')].flatMap(({ text }) => named(text)),
	);
	expect([...used].sort()).toEqual(views.map(({ name }) => name).sort());
});

test('whatever draws names a template that is there', () => {
	const there = new Set(views.map(({ name }) => name));
	const drawn = /(?:\.page|\.fragments|partial|fragment:|template:)[\s(]*'([\w-]+(?:\/[\w-]+)+)'/g;
	const found = [...filesIn('src', '.ts'), ...filesIn('views', '.eta')].flatMap(({ path, text }) =>
		[...text.matchAll(drawn)].map(([, name]) => ({ path, name: name as string })),
	);
	expect(found.length).toBeGreaterThan(views.length / 2);
	expect(found.filter(({ name }) => !there.has(name))).toEqual([]);
});

test('a template shows no markup but that of other templates, icons and the body of its layout', () => {
	const raw = views.flatMap(({ name, text }) =>
		[...text.matchAll(/<%~\s*([\s\S]*?)\s*%>/g)]
			.map(([, code]) => code as string)
			.filter((code) => !/^(partial|replace|icon)\(/.test(code))
			.filter((code) => !(code === 'it.body' && isLayout(name)))
			.filter((code) => !(code === 'it.html' && name === 'shared/_dialog-body'))
			.map((code) => `${name}: ${code}`),
	);
	expect(raw).toEqual([]);
});

/** The template as the HTML that it is about: what it inserts as elements, what it says as text. */
function skeleton(text: string): string {
	return text
		.replaceAll(/<%~[\s\S]*?%>/g, '<x-inserted></x-inserted>')
		.replaceAll(/<%=[\s\S]*?%>/g, 'said')
		.replaceAll(/<%[\s\S]*?%>/g, '');
}

function rootsOf(text: string): string[] {
	const page = read(skeleton(text));
	const inside = new Set(
		page.elements.flatMap((element) => page.elements.filter((one) => one.parentNode === element)),
	);
	const roots = page.elements.filter((element) => !inside.has(element));
	return roots.map((root) => attribute(root, 'id') ?? `<${root.tagName}> without an id`);
}

for (const { name, text } of views.filter(({ name }) => isFragment(name)))
	test.skipIf(name in ROOTLESS)(`${name} has one root with an id`, () => {
		// Two branches of one condition may each have the root, under the same id.
		const roots = [...new Set(rootsOf(text))];
		expect(roots).toHaveLength(1);
		expect(roots[0]).not.toContain('<');
	});

test('the exceptions from one root are still needed', () => {
	const needless = Object.keys(ROOTLESS).filter((name) => {
		const view = views.find((one) => one.name === name);
		const roots = view ? [...new Set(rootsOf(view.text))] : [];
		return view === undefined || (roots.length === 1 && !roots[0]?.includes('<'));
	});
	expect(needless).toEqual([]);
});

test('a response is only a list of replaced fragments', () => {
	const responses = views.filter(isResponse);
	expect(responses.length).toBeGreaterThan(3);
	const more = responses.filter(({ text }) => {
		const rest = text
			.replaceAll(/<%~\s*replace\([\s\S]*?%>/g, '')
			.replaceAll(/<%\s[\s\S]*?%>/g, '');
		return rest.trim() !== '';
	});
	expect(more.map(({ name }) => name)).toEqual([]);
});

test('the region of toasts is the only status of a page', () => {
	// People's programs look for it by its role; other news is aria-live.
	const statuses = views.flatMap(({ name, text }) =>
		[...text.matchAll(/<[^<]*role="status"/g)].map(([tag]) => `${name}: ${tag}`),
	);
	expect(statuses).toEqual(['layouts/page: <div id="toasts" role="status"']);
});

test('no template queries, and none knows the request', () => {
	const knowing = views.filter(({ text }) =>
		/\b(sql|db|request|reply|process|require)\b\s*[.(`]/.test(text),
	);
	expect(knowing.map(({ name }) => name)).toEqual([]);
});
