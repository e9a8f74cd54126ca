import { foldTallies } from '#src/features/deals/board/tallies.ts';
import { type Connection, connect } from '#src/platform/db/client.ts';
import { migrate } from '#src/platform/db/migrate.ts';
import type { Embedded } from '#src/platform/embedded/embedded.ts';
import { companyOf, loadCompany } from './company.ts';
import { type Instance, startInstance } from './instance.ts';
import { type Screen, screensOf } from './screens.ts';

/** A company of one size: its database, the application on it, what is measured there. */
export type Site = {
	deals: number;
	connection: Connection;
	instance: Instance;
	screens: Screen[];
	stop: () => Promise<void>;
};

/** Makes a database of its own on the server unless it is there, loads a company of this many deals and starts the application. */
export async function openSite(
	server: Embedded,
	deals: number,
	say: (line: string) => void,
): Promise<Site> {
	const began = performance.now();
	const name = `bench_${deals}`;
	const there = await makeDatabase(server, name);
	const url = Object.assign(new URL(server.url), { pathname: `/${name}` }).href;
	const connection = connect(url, 2);
	let instance: Instance | null = null;
	const stop = async () => {
		await instance?.stop();
		await connection.close();
	};
	try {
		// The program may have gone on since they were loaded.
		await migrate(connection.pool);
		if (!there) await fill(connection, deals, name);
		instance = await startInstance(url);
		const screens = await screensOf(instance, connection.pool);
		const seconds = Math.round((performance.now() - began) / 1000);
		say(`${deals.toLocaleString('ru')} интересов загружено за ${seconds} с`);
		return { deals, connection, instance, screens, stop };
	} catch (error) {
		await stop();
		throw error;
	}
}

const LOADED = 'loaded';

/** Whether the company is there from an earlier run; one that was loaded half-way is made anew. */
async function makeDatabase(server: Embedded, name: string): Promise<boolean> {
	const admin = connect(server.adminUrl, 1);
	try {
		const { rows } = await admin.pool.query(
			`select shobj_description(oid, 'pg_database') as said from pg_database where datname = $1`,
			[name],
		);
		if (rows[0]?.said === LOADED) return true;
		await admin.pool.query(`drop database if exists ${name} with (force)`);
		await admin.pool.query(`create database ${name} owner ${new URL(server.url).username}`);
		return false;
	} finally {
		await admin.close();
	}
}

async function fill(connection: Connection, deals: number, name: string): Promise<void> {
	const client = await connection.pool.connect();
	try {
		await loadCompany(client, companyOf(deals), new Date());
		await foldTallies(connection.db);
		await client.query('vacuum (analyze) deal_tallies');
		await client.query(`comment on database ${name} is '${LOADED}'`);
	} finally {
		client.release();
	}
}
