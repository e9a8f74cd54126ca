import { expect, test } from 'vitest';
import { signIn, testApp } from '../app.ts';
import { makeCast, makeDeal } from '../cast.ts';
import { testDatabase } from '../database.ts';
import { attribute, read, textOf } from '../html.ts';

const database = await testDatabase();
const served = await testApp(database);

test('a phone is drawn in one way, however it was typed: on the deal, in its menu, in «Мои дела» and on its paper', async () => {
	const cast = await makeCast(database.db);
	const anna = await signIn(served, 'anna');
	const { id } = await makeDeal(database.db, cast, 'anna', {
		title: 'Со звонком',
		client: {
			name: 'ООО «Звонок»',
			contacts: [{ name: 'Пётр Лось', phone: '8 (495) 850 71 28 вн. 12' }],
		},
		plan: { plannedOn: '2026-11-24' },
	});
	for (const path of [
		`/deals/${id}`,
		`/deals/${id}/menu`,
		'/agenda',
		'/agenda/print?day=2026-11-24',
	]) {
		const page = read((await anna.get(path)).body);
		const words = textOf(page.byTag('body')[0] as never).replace(/[\s\u00a0]+/g, ' ');
		expect(words, path).toContain('+7 495 850-71-28 доб. 12');
		expect(words, path).not.toContain('850 71 28');
		if (path.includes('print')) continue;
		const links = page.byTag('a').map((link) => attribute(link, 'href'));
		expect(links, path).toContain('tel:+74958507128;ext=12');
	}
});
