import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];

/** Fails with rule, element and reason for everything that axe finds on the page as it stands. */
export async function seeAccessible(page: Page, where: string): Promise<void> {
	expect(await findFaults(page, where)).toEqual([]);
}

/** The same for a page that was looked at already, in other colours. */
export async function seeLook(page: Page, where: string): Promise<void> {
	expect(await findFaults(page, where, OF_THE_LOOK)).toEqual([]);
}

/** What a change of colours and of width alone can break. */
export const OF_THE_LOOK = ['color-contrast', 'target-size', 'scrollable-region-focusable'];

// What is in order is not asked for, and style sheets are not fetched a second time: no rule of ours reads them.
const FAULTS_ALONE: Parameters<AxeBuilder['options']>[0] = {
	resultTypes: ['violations'],
	preload: { assets: ['media'] },
};

/** What axe finds on the page as it stands, by all rules or some: rule, element and reason, a line each. */
export async function findFaults(page: Page, where: string, rules?: string[]): Promise<string[]> {
	// What is still fading in has the colours of neither state.
	await page.evaluate(
		'Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {})))',
	);
	const axe = new AxeBuilder({ page }).setLegacyMode().options({ ...FAULTS_ALONE });
	const { violations } = await (rules ? axe.withRules(rules) : axe.withTags(TAGS)).analyze();
	return violations.flatMap(({ id, nodes }) =>
		nodes.slice(0, 3).map((node) => `${where}: ${id}: ${node.target}: ${node.failureSummary}`),
	);
}
