import type { MessageKey } from '#src/platform/i18n/translate.ts';
import { StatementTooLong } from './statement-timeout.ts';

/** What a fault of the database means: what a person is told, when to try again, and whether its connection is good for nothing. */
export type DatabaseFault = { key: MessageKey; seconds: number; drop: boolean };

const AWAY: DatabaseFault = { key: 'error.busy', seconds: 5, drop: true };
const FULL: DatabaseFault = { key: 'error.busy', seconds: 5, drop: false };
const COLLIDED: DatabaseFault = { key: 'error.collided', seconds: 1, drop: false };

/** By SQLSTATE (PostgreSQL, appendix A) or the first letters of it. */
const FAULTS: [string, DatabaseFault][] = [
	// A leader that was: nothing was stored, and the next connection may lead to the new one.
	['25006', { key: 'error.onlyReads', seconds: 5, drop: true }],
	// Cancelled by an administrator, or on a replica by what it replays.
	['57014', { key: 'error.cancelled', seconds: 5, drop: false }],
	// Serialization, deadlock, and a snapshot that is too old.
	['40001', COLLIDED],
	['40P01', COLLIDED],
	['72000', COLLIDED],
	['55P03', { key: 'error.held', seconds: 3, drop: false }],
	['57P0', AWAY],
	['53', FULL],
	['08', AWAY],
	// What the network says.
	['ECONN', AWAY],
	['EPIPE', AWAY],
	['ETIMEDOUT', AWAY],
	['EHOSTUNREACH', AWAY],
	['ENETUNREACH', AWAY],
	['ENOENT', AWAY],
];
const SAID =
	/timeout exceeded when trying to connect|Connection terminated|is not queryable|connection error/;

/** Writers have taken their share of the pool, and none of them has ended in time. */
export class ShareTaken extends Error {}

const uncertain = new WeakSet<Error>();

/** What of an error concerns the database: the driver's own, which the query builder wraps. */
const rootOf = (error: unknown): unknown =>
	error instanceof Error && error.cause instanceof Error ? error.cause : error;

/** Looks up what went wrong; null: it is no fault of the database's state, but of ours. */
export function faultOf(error: unknown): DatabaseFault | null {
	const cause = rootOf(error);
	if (!(cause instanceof Error)) return null;
	if (cause instanceof StatementTooLong) return AWAY;
	if (cause instanceof ShareTaken) return FULL;
	const code = 'code' in cause ? String(cause.code) : '';
	const found = FAULTS.find(([start]) => code.startsWith(start))?.[1];
	return found ?? (SAID.test(cause.message) ? AWAY : null);
}

/** Whether the server ended a transaction because it and others were in each other's way: nothing of it is stored. */
export function isCollision(error: unknown): boolean {
	return faultOf(error) === COLLIDED;
}

/** Notes that a COMMIT was under way when the connection was lost. */
export function noteCommitLost(error: unknown): void {
	const cause = rootOf(error);
	if (cause instanceof Error && faultOf(cause)?.drop) uncertain.add(cause);
}

/** Whether what failed may have been stored all the same: the COMMIT was sent and no answer came. */
export function mayBeStored(error: unknown): boolean {
	const cause = rootOf(error);
	return cause instanceof Error && uncertain.has(cause);
}
