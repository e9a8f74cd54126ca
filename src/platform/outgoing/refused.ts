const SAID = {
	origin: 'is no address of the settings',
	address: 'may not be connected to',
	encoding: 'sent an encoding that nobody asked for',
	large: 'sent more than is read',
	slow: 'took longer than is waited',
} as const;

/** The fence let a request not out, or its answer not in; `at` is an origin or an address, never a path. */
export class OutgoingRefused extends Error {
	readonly why: keyof typeof SAID;
	constructor(why: keyof typeof SAID, at: string) {
		super(`${at} ${SAID[why]}`);
		this.why = why;
	}
}
