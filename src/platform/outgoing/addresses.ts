import { lookup as askResolver, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { isAmong, networksOf } from '#src/platform/http/networks.ts';
import { OutgoingRefused } from './refused.ts';

/** Nobody serves people there: unset, link-local (where clouds tell their secrets), multicast, reserved, tunnels. */
const NEVER = networksOf([
	...['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4', '100.100.100.200'],
	...['::', 'fe80::/10', 'fec0::/10', 'ff00::/8', 'fd00:ec2::/32'],
	...['64:ff9b::/96', '64:ff9b:1::/48', '2002::/16', '2001::/32'],
]);

/** This machine and the company's own network: for what the operator named alone. */
const INNER = networksOf([
	...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'],
	...['192.0.0.0/24', '192.0.2.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
	...['192.88.99.0/24', '::/96', 'fc00::/7', '2001:db8::/32'],
]);

/** Looks a name up, as node:dns does with `all`. */
export type Resolver = (
	host: string,
	options: { all: true },
	done: (error: Error | null, found: LookupAddress[]) => void,
) => void;

/** Whether nothing of ours may be sent to this address; `inner`: the own network is open. */
export function isBarred(address: string, inner: boolean): boolean {
	return isAmong(NEVER, address) || (!inner && isAmong(INNER, address));
}

/** Refuses an address that stands in the URL itself: a socket looks up names alone. Throws OutgoingRefused. */
export function refuseLiteral({ hostname }: URL, inner: boolean): void {
	const bare = hostname.replace(/^\[|\]$/g, '');
	if (isIP(bare) !== 0 && isBarred(bare, inner)) throw new OutgoingRefused('address', bare);
}

/**
 * The lookup of a socket that connects to no barred address. The check is made here and not before: a name may
 * lead elsewhere when it is asked for a second time. One barred address among others refuses all.
 */
export function guardedLookup(inner: boolean, resolve: Resolver = askResolver): LookupFunction {
	return (host, options, done) =>
		resolve(host, { ...options, all: true }, (error, found) => {
			const barred = found?.find(({ address }) => isBarred(address, inner));
			const [first] = found ?? [];
			if (error) done(error, '');
			else if (barred) done(new OutgoingRefused('address', barred.address), '');
			else if (first === undefined) done(new OutgoingRefused('address', host), '');
			else if (options.all) done(null, found);
			else done(null, first.address, first.family);
		});
}
