import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import { editClient } from '#src/features/clients/actions.ts';
import { clientVisibleTo } from '#src/features/clients/queries.ts';
import { findClientToEdit } from '#src/features/clients/record.ts';
import { tagsWith } from '#src/features/company/tags/tags.ts';
import type { Database } from '#src/platform/db/client.ts';
import { RuleBroken } from '#src/platform/errors.ts';
import { type BulkResult, eachOf, type Naming, type Work } from '#src/platform/forms/bulk.ts';
import type { ChosenOne } from '#src/platform/forms/chosen.ts';
import type { Viewer } from '#src/platform/i18n/dates.ts';
import type { Each } from '#src/platform/idempotency/keys.ts';
import type { ClientBack, ClientCommand } from './forms.ts';

type Doing = Exclude<ClientCommand, { verb: 'back' }>;

/**
 * Does one thing with many clients: an edit of each, with the version that the person saw, each in a transaction
 * of its own, one after the other.
 */
export async function doWithClients(
	db: Database,
	each: Each,
	acting: Acting,
	viewer: Viewer,
	chosen: ChosenOne[],
	command: Doing,
): Promise<BulkResult> {
	const names = await namesOf(db, acting, chosen);
	const { back, ...result } = await eachOf(each, viewer, names, chosen, workOf(acting, command));
	return { ...result, back: back === null ? null : { ...wayBack(command), client: back } };
}

// A tag is taken back by the same verb; the others by one that knows what stood there.
function wayBack(command: Doing): Record<string, string> {
	if (command.verb !== 'tag') return { verb: 'back' };
	return { verb: 'tag', tag: command.tag, tagAction: command.remove ? 'add' : 'remove' };
}

function workOf(acting: Acting, command: Doing): Work<ChosenOne> {
	return async (tx, { id, version }) => {
		const client = await findClientToEdit(tx, acting.actor, id);
		const { verb } = command;
		const edit =
			verb === 'owner'
				? { ownerId: command.ownerId }
				: verb === 'status'
					? { status: command.status }
					: { tags: tagsWith(client.tags, command.tag, command.remove) };
		const now = await editClient(tx, acting, id, version, edit);
		if (now === version) return { same: true };
		const was = { owner: client.ownerId ?? 0, status: client.status, tag: null }[verb];
		return { back: [id, now, ...(was === null ? [] : [was])].join('.') };
	};
}

/** Takes back what was done with many clients, each where it still stands as it was left. */
export async function undoWithClients(
	db: Database,
	each: Each,
	acting: Acting,
	viewer: Viewer,
	back: ClientBack[],
): Promise<BulkResult> {
	const names = await namesOf(db, acting, back);
	const result = await eachOf(each, viewer, names, back, async (tx, { id, version, edit }) => {
		// Who may not see it is not told whose it was.
		if (edit === null) {
			await findClientToEdit(tx, acting.actor, id);
			throw new RuleBroken('bulk.nobodys');
		}
		await editClient(tx, acting, id, version, edit);
		return {};
	});
	return { ...result, back: null };
}

async function namesOf(db: Database, { actor }: Acting, chosen: { id: number }[]): Promise<Naming> {
	const ids = sql.param(chosen.map(({ id }) => id));
	const { rows } = await db.execute<{ id: number; title: string; beside: string | null }>(sql`
		select c.id, c.name as title, c.inn as beside
		from clients c where c.id = any(${ids}::bigint[]) and ${clientVisibleTo(actor)}`);
	const named = rows.map(({ id, title, beside }): [number, NamedClient] => [
		id,
		{ title, beside, href: `/clients/${id}` },
	]);
	return { named: new Map(named), absent: 'bulk.absentClient' };
}

type NamedClient = { title: string; beside: string | null; href: string };
