import { type DefaultTreeAdapterTypes, parse, parseFragment } from 'parse5';

type Node = DefaultTreeAdapterTypes.ChildNode;
export type Element = DefaultTreeAdapterTypes.Element;

/** A page or an answer of fragments, parsed as a browser does: what is an element here is one there. */
export type Page = {
	/** Every element, in order; those of templates too. */
	elements: Element[];
	/** The element with this id, or null. */
	byId: (id: string) => Element | null;
	/** The elements of a tag name, within an element if one is given. */
	byTag: (name: string, within?: Element) => Element[];
	/** The elements with a class. */
	byClass: (name: string, within?: Element) => Element[];
};

const elementsIn = (nodes: Node[]): Element[] =>
	nodes.flatMap((node) => {
		if (!('tagName' in node)) return [];
		const inside = 'content' in node ? node.content.childNodes : node.childNodes;
		return [node, ...elementsIn(inside)];
	});

/** Reads HTML: a whole page, or a list of fragments. */
export function read(html: string): Page {
	const root = /^\s*<!doctype/i.test(html) ? parse(html) : parseFragment(html);
	const elements = elementsIn(root.childNodes);
	const among = (within?: Element) => (within ? elementsIn(within.childNodes) : elements);
	return {
		elements,
		byId: (id) => elements.find((element) => attribute(element, 'id') === id) ?? null,
		byTag: (name, within) => among(within).filter((element) => element.tagName === name),
		byClass: (name, within) =>
			among(within).filter((element) =>
				(attribute(element, 'class') ?? '').split(/\s+/).includes(name),
			),
	};
}

/** The value of an attribute, or null. */
export function attribute(element: Element, name: string): string | null {
	return element.attrs.find((one) => one.name === name)?.value ?? null;
}

/** All text inside, as it stands. */
export function textOf(element: Element | Node): string {
	if (element.nodeName === '#text') return (element as DefaultTreeAdapterTypes.TextNode).value;
	return 'childNodes' in element ? element.childNodes.map(textOf).join('') : '';
}

/** What a form would send if nobody touched it, by field. */
export function fieldsOf(page: Page, form: Element): Record<string, string> {
	const sent = page.byTag('input', form).filter((input) => {
		const box = ['checkbox', 'radio'].includes(attribute(input, 'type') ?? '');
		return !box || attribute(input, 'checked') !== null;
	});
	const inputs = sent.map((input) => ({
		name: attribute(input, 'name'),
		value: attribute(input, 'value') ?? '',
	}));
	const areas = page.byTag('textarea', form).map((area) => ({
		name: attribute(area, 'name'),
		// A browser drops the first line break of a textarea; parse5 does so too.
		value: textOf(area),
	}));
	const selects = page.byTag('select', form).map((select) => {
		const options = page.byTag('option', select);
		const chosen = options.find((one) => attribute(one, 'selected') !== null) ?? options[0];
		return {
			name: attribute(select, 'name'),
			value: chosen ? (attribute(chosen, 'value') ?? '') : '',
		};
	});
	const named = [...inputs, ...areas, ...selects].filter((one) => one.name !== null);
	return Object.fromEntries(named.map(({ name, value }) => [name, value]));
}
