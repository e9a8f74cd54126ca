import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { onTestFinished } from 'vitest';

/** A way to the test server on which what happens on the way can be told. */
export type Wire = {
	url: string;
	/** Whether whoever comes is told, in the server's place, that it is starting. */
	starting: boolean;
	/** What text of a statement, once it is done, takes the connection with it before its answer is there. */
	cutAfter: RegExp | null;
};

/** As Postgres says it to each connection while it recovers. */
const STARTING = (() => {
	const fields = [
		...['SFATAL', 'VFATAL', 'C57P03', 'Mthe database system is starting up'],
		...['Fpostmaster.c', 'L1', 'RProcessStartupPacket'],
	];
	const said = Buffer.from(`${fields.join('\0')}\0\0`);
	const head = Buffer.from('E....');
	head.writeInt32BE(said.length + 4, 1);
	return Buffer.concat([head, said]);
})();

/** Opens a way to the server of `url`, for as long as the test lasts. */
export async function openWire(url: string): Promise<Wire> {
	const { hostname, port } = new URL(url);
	const wire: Wire = { url, starting: false, cutAfter: null };
	const server = createServer((near) => {
		near.on('error', () => {});
		if (wire.starting) {
			near.once('data', () => near.end(STARTING));
			return;
		}
		let cut = false;
		const far = connect(Number(port), hostname);
		far.on('error', () => near.destroy());
		near.on('data', (said) => {
			if (wire.cutAfter?.test(said.toString('latin1'))) {
				wire.cutAfter = null;
				cut = true;
			}
			far.write(said);
		});
		far.on('data', (said) => {
			if (cut) near.destroy();
			else near.write(said);
		});
		near.on('close', () => far.end());
		far.on('close', () => near.destroy());
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	onTestFinished(() => {
		server.close();
	});
	const own = new URL(url);
	own.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
	return Object.assign(wire, { url: own.href });
}
