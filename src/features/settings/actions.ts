import { and, eq } from 'drizzle-orm';
import type { FieldChange } from '#src/events.ts';
import type { Acting } from '#src/features/access/rights.ts';
import { people } from '#src/features/access/tables.ts';
import { lockDealsOf, refreshStepsOf } from '#src/features/deals/next-step.ts';
import { refreshReminders } from '#src/features/deals/reminders.ts';
import { type DEFAULT_SCREENS, defaultFilters } from '#src/features/saved-filters/tables.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { nextVersion } from '#src/platform/db/columns.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { Conflict } from '#src/platform/errors.ts';
import { record } from '#src/platform/history/record.ts';
import { findSettingsToEdit } from './queries.ts';
import type { Choices, Settings } from './rules.ts';

/**
 * Saves what a person decided for themselves; reminders of days follow their working hours. Returns the
 * version. Throws Conflict for a stale one.
 */
export async function saveSettings(
	sqlOrTx: Sql,
	acting: Acting,
	version: number,
	wanted: Choices,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		// Their deals before themself, as whoever gives somebody a deal holds them.
		if (wanted.timeZone !== acting.actor.timeZone) await lockDealsOf(tx, [acting.actor.id]);
		const present = await findSettingsToEdit(tx, acting.actor);
		if (present.version !== version)
			throw new Conflict({ version: present.version, at: null, by: null }, acting.actorId);
		const changes = changesOf(present, wanted);
		if (Object.keys(changes).length === 0) return version;
		const { keysOff, boardFilterId, dealsFilterId, ...theirs } = wanted;
		await tx
			.update(people)
			.set({ ...theirs, shortcuts: !keysOff, version: nextVersion(people.version) })
			.where(and(eq(people.id, acting.actor.id), eq(people.version, version)));
		if ('boardFilterId' in changes) await beginWith(tx, acting, 'board', boardFilterId);
		if ('dealsFilterId' in changes) await beginWith(tx, acting, 'deals', dealsFilterId);
		await record(tx, acting, { type: 'settings.saved', data: { changes } });
		if ('workFrom' in changes || 'timeZone' in changes)
			await refreshReminders(tx, { ownerId: acting.actor.id });
		if ('timeZone' in changes) await refreshStepsOf(tx, [acting.actor.id]);
		return version + 1;
	});
}

async function beginWith(
	tx: Tx,
	{ actor }: Acting,
	screen: (typeof DEFAULT_SCREENS)[number],
	filterId: number | null,
): Promise<void> {
	const { personId, screen: which } = defaultFilters;
	if (filterId === null)
		await tx.delete(defaultFilters).where(and(eq(personId, actor.id), eq(which, screen)));
	else
		await tx
			.insert(defaultFilters)
			.values({ personId: actor.id, screen, filterId })
			.onConflictDoUpdate({ target: [personId, which], set: { filterId } });
}

function changesOf(present: Settings, wanted: Choices): Record<string, FieldChange> {
	const told = (value: Choices[keyof Choices]) =>
		typeof value === 'boolean' ? Number(value) : value;
	const names = Object.keys(wanted) as (keyof Choices)[];
	return Object.fromEntries(
		names
			.filter((name) => present[name] !== wanted[name])
			.map((name) => [name, [told(present[name]), told(wanted[name])]]),
	);
}
