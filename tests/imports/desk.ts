import { readConfig } from '#src/config.ts';
import { tasks } from '#src/features/imports/tasks.ts';
import type { TaskSetting } from '#src/platform/jobs/task.ts';
import type { Answer, Browser, Fields, TestApp } from '../app.ts';
import { NOW } from '../cast.ts';
import type { TestDatabase } from '../database.ts';

/** What a job of the tests has at hand. */
export const setting = (
	connection: TestDatabase,
	more: Partial<TaskSetting> = {},
): TaskSetting => ({
	...{ connection, config: readConfig({}), now: () => NOW },
	signal: new AbortController().signal,
	...more,
});

/** Does the jobs of imports that wait, as the worker would, until none is left. */
export async function work(database: TestDatabase, more: Partial<TaskSetting> = {}): Promise<void> {
	for (;;) {
		const { rows } = await database.pool.query(
			`select j.id, t.identifier, j.payload from graphile_worker._private_jobs j
			join graphile_worker._private_tasks t on t.id = j.task_id
			where t.identifier like 'import.%' order by j.id limit 1`,
		);
		if (rows[0] === undefined) return;
		const { id, identifier, payload } = rows[0];
		await database.pool.query('delete from graphile_worker._private_jobs where id = $1', [id]);
		await tasks[identifier]?.(payload, setting(database, more));
	}
}

type File = {
	name?: string;
	content: string | Buffer;
	feeds?: string;
	type?: string;
	/** What the form says about the way to read it. */
	reading?: Record<string, string>;
};

/** Sends a file by the form of /import. */
export async function upload(
	{ app }: TestApp,
	person: Browser,
	{ name = 'клиенты.csv', content, feeds = 'clients', type = 'text/csv', reading = {} }: File,
	headers: Record<string, string> = {},
): Promise<Answer> {
	const boundary = '----moiprodazhi';
	const payload = Buffer.concat([
		...Object.entries({ feeds, ...reading }).map(([field, value]) =>
			Buffer.from(
				`--${boundary}\r\ncontent-disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`,
			),
		),
		Buffer.from(
			`--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: ${type}\r\n\r\n`,
		),
		Buffer.from(content),
		Buffer.from(`\r\n--${boundary}--\r\n`),
	]);
	return await app.inject({
		method: 'POST',
		url: '/import',
		payload,
		headers: {
			cookie: person.cookie,
			'content-type': `multipart/form-data; boundary=${boundary}`,
			...headers,
		},
	});
}

/** The import's id out of the answer to an upload. */
export function idIn({ statusCode, headers, body }: Answer): number {
	if (statusCode !== 303) throw new Error(`not taken: ${statusCode} ${body.slice(0, 2000)}`);
	return Number(String(headers.location).split('/').at(-1));
}

/** An import as it stands in the database. */
export async function importRow(database: TestDatabase, id: number) {
	const { rows } = await database.pool.query('select * from imports where id = $1', [id]);
	return rows[0];
}

/** Its rows: line, verdict, and the keys of what is wrong. */
export async function verdicts(database: TestDatabase, id: number): Promise<unknown[]> {
	const { rows } = await database.pool.query(
		'select line, verdict, reasons from import_rows where import_id = $1 order by line',
		[id],
	);
	return rows.map(({ line, verdict, reasons }) => [
		line,
		verdict,
		...reasons.map(({ key }: { key: string }) => key),
	]);
}

type Choice = { columns: string[]; way?: string; known?: string };

/** Presses one of the buttons of an import's page, with the version of now. */
export async function press(
	{ database }: TestApp,
	person: Browser,
	id: number,
	path: string,
	fields: Fields = {},
): Promise<Answer> {
	const { version } = await importRow(database, id);
	return await person.post(`/import/${id}/${path}`, { version, ...fields });
}

/** Sends a file, chooses its columns and has it checked. Returns the import's id. */
export async function checked(
	served: TestApp,
	person: Browser,
	file: File,
	{ columns, way = 'name', known = 'update' }: Choice,
): Promise<number> {
	const id = idIn(await upload(served, person, file));
	const fields = Object.fromEntries(columns.map((field, at) => [`c${at}`, field]));
	const answer = await press(served, person, id, 'columns', { ...fields, way, known });
	if (answer.statusCode !== 303) throw new Error(answer.body.slice(0, 3000));
	await work(served.database);
	return id;
}

/** The same, and brought in. */
export async function imported(
	served: TestApp,
	person: Browser,
	file: File,
	choice: Choice,
): Promise<number> {
	const id = await checked(served, person, file, choice);
	await press(served, person, id, 'start');
	await work(served.database);
	return id;
}
