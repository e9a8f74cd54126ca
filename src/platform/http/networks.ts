import { BlockList, isIP } from 'node:net';

/** Addresses and networks of a setting, such as 10.0.0.5 and 10.1.0.0/24, to look addresses up in. */
export function networksOf(networks: readonly string[]): BlockList {
	const list = new BlockList();
	for (const network of networks) {
		const [address = '', bits] = network.split('/');
		const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
		if (bits === undefined) list.addAddress(address, family);
		else list.addSubnet(address, Number(bits), family);
	}
	return list;
}

/** Whether a socket's address is one of these; an IPv4 address that came over IPv6 is one too. */
export function isAmong(list: BlockList, address: string | undefined): boolean {
	const bare = address?.replace(/^::ffff:(?=\d+\.)/, '') ?? '';
	const family = isIP(bare);
	return family !== 0 && list.check(bare, family === 6 ? 'ipv6' : 'ipv4');
}
