import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '#src/config.ts';
import { findActor } from '#src/features/access/queries.ts';
import { chooseColumns, receiveImport, startImport } from '#src/features/imports/actions.ts';
import { suggestedChoice } from '#src/features/imports/columns/choice.ts';
import { checkImport } from '#src/features/imports/engine/check.ts';
import { runRows } from '#src/features/imports/engine/run.ts';
import { findImport } from '#src/features/imports/queries.ts';
import type { Connection } from '#src/platform/db/client.ts';

const HEADINGS = 'Компания;ИНН;Телефон;E-mail;Контактное лицо;Должность;Город;Источник;Метки';
/** Whom Anna has met at a fair; two of the lines need mending. */
const LINES = [
	'Хлебозавод «Заря»;;8 (4822) 34-56-01;zarya@example.ru;Кузнецова Ирина;Технолог;Тверь;Выставка;пекарни',
	'Кафе «Мельница»;;+7 921 555-10-20;;Орехов Павел;Владелец;Псков;Выставка;кафе',
	'Кондитерская «Ваниль»;;8 812 555-30-41;vanil@example.ru;Лебедева Анна;Управляющая;Санкт-Петербург;Выставка;кафе, сети',
	'Кондитерская «Ваниль»;;8 812 555-30-41;;Белов Игорь;Шеф-кондитер;Санкт-Петербург;Выставка;',
	'Столовая «Домашняя»;7736050;8 495 555-77-12;;Гусева Ольга;Заведующая;Москва;Выставка;',
	'Пиццерия «Дрова»;;8 499 555-01-99;drova@example.ru;Ким Артур;Совладелец;Москва;Выставка;кафе',
	'Гостиница «Волна»;;;волна собака почта;Зайцев Денис;Снабжение;Сочи;Выставка;гостиницы',
	'Ресторан «Причал»;;8 (862) 255-44-33;prichal@example.ru;Маркова Елена;Директор;Сочи;Выставка;',
];

/** Brings in a small file for a person of the demo company, as they would have done it the day before. */
export async function bringInExample(
	connection: Connection,
	login: string,
	now: Date,
): Promise<void> {
	const { db } = connection;
	const actor = await findActor(db, login);
	if (actor === null) return;
	const at = new Date(now.getTime() - 86_400_000);
	const acting = { actor, actorId: actor.id, door: 'import' as const, now: at };
	const setting = {
		connection,
		config: readConfig({}),
		now: () => at,
		signal: new AbortController().signal,
	};
	const path = join(tmpdir(), `${randomUUID()}.csv`);
	try {
		const text = `\ufeff${[HEADINGS, ...LINES].join('\r\n')}\r\n`;
		await writeFile(path, text);
		const file = { path, fileName: 'Визитки с выставки.csv', bytes: Buffer.byteLength(text) };
		const reading = { encoding: null, delimiter: null, headerLine: 1 };
		const id = await receiveImport(db, acting, { feeds: 'clients', reading, ...file });
		const { choice } = await suggestedChoice(db, acting, await findImport(db, actor, id));
		await chooseColumns(db, acting, id, 1, choice, 'by hand');
		await checkImport(setting, id);
		await startImport(db, acting, id, 2, 'by hand');
		await runRows(setting, id);
	} finally {
		await rm(path, { force: true });
	}
}
