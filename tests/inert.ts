import { expect } from 'vitest';
import type { Answer } from './app.ts';
import { type Page, read, textOf } from './html.ts';

/** Whatever an attacker would have smuggled in: none of it may be an element or an attribute. */
export function expectInert({ statusCode, body }: Answer, where: string): Page {
	expect(statusCode, `${where}: ${body.slice(0, 200)}`).toBeLessThan(500);
	const page = read(body);
	for (const element of page.elements) {
		const at = `${where} <${element.tagName}>`;
		if (element.tagName === 'script')
			expect(element.attrs.find(({ name }) => name === 'src')?.value, at).toMatch(/^\/assets\//);
		// The one frame that there is shows a letter, and may do nothing.
		if (element.tagName === 'iframe')
			expect(element.attrs.find(({ name }) => name === 'sandbox')?.value, at).toBe('');
		for (const { name, value } of element.attrs) {
			expect(name, at).not.toMatch(/^on|^style$|^srcdoc$/);
			if (/^(href|action|src|formaction|hx-(get|post|put))$/.test(name))
				expect(value, at).toMatch(/^(\/(?![/\\])|#|tel:|mailto:)/);
			if (name === 'hx-trigger') expect(value, at).not.toBe('load');
		}
		expect(element.tagName, where).not.toMatch(/^(img|object|embed|base|marquee)$/);
	}
	return page;
}

const normal = (text: string) => text.replaceAll(/\s+/g, ' ').trim();

/** Whether the text stands somewhere on the page, as text or in an attribute. */
export function says(page: Page, text: string): boolean {
	const roots = page.elements.filter(({ parentNode }) => !parentNode || !('tagName' in parentNode));
	const values = page.elements.flatMap(({ attrs }) => attrs.map(({ value }) => value));
	return [...roots.map(textOf), ...values].some((one) => normal(one).includes(normal(text)));
}
