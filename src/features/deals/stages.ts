import { sql } from 'drizzle-orm';
import { type Acting, can } from '#src/features/auth/rules.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { transact } from '#src/platform/db/transaction.ts';
import { Conflict, Forbidden, InvalidForm, NotFound } from '#src/platform/errors.ts';
import { record } from '#src/platform/events/record.ts';
import { REQUIRABLE } from './required-fields.ts';

/** An open state as an administrator sets it up. */
export type StageSetting = {
	id: number;
	name: string;
	requiredFields: string[];
	idleDays: number | null;
	version: number;
};

/** The open states of the first pipeline, in order. */
export async function listStageSettings(db: Sql): Promise<StageSetting[]> {
	const { rows } = await db.execute<StageSetting>(sql`
		select id, name, required_fields as "requiredFields", idle_days as "idleDays", version
		from stages where kind = 'open'
			and pipeline_id = (select id from pipelines order by position, id limit 1)
		order by position, id`);
	return rows;
}

/** What a state is to demand, and after how many working days its deals are idle; null: never. */
export type StageRules = {
	version: number;
	requiredFields: readonly string[];
	idleDays: number | null;
};

/**
 * Sets up an open state; nothing is written where nothing changed. Returns its version. Throws Forbidden
 * for all but administrators, NotFound for a state that is not open, Conflict, InvalidForm for a field
 * that there is not.
 */
export async function setStageRules(
	sqlOrTx: Sql,
	acting: Acting,
	stageId: number,
	rules: StageRules,
): Promise<number> {
	return await transact(sqlOrTx, async (tx) => {
		if (!can(acting.actor, 'catalogs')) throw new Forbidden('error.forbidden');
		const { rows } = await tx.execute<StageSetting & { extra: number[] }>(sql`
			select id, name, required_fields as "requiredFields", idle_days as "idleDays", version, array(
				select 'extra_' || f.id from extra_fields f where f.noun = 'deal' and f.active
			) as extra
			from stages where id = ${stageId} and kind = 'open' for update`);
		const stage = rows[0];
		if (stage === undefined) throw new NotFound('error.notFound');
		const { version } = stage;
		if (version !== rules.version) throw new Conflict({ version, at: null, by: null });
		const known = [...REQUIRABLE, ...stage.extra.map(String)];
		if (rules.requiredFields.some((name) => !known.includes(name)))
			throw new InvalidForm({ requiredFields: { key: 'field.choice' } }, {});
		const wanted = known.filter((name) => rules.requiredFields.includes(name));
		const before = stage.requiredFields.join(', ');
		const { idleDays } = rules;
		if (before === wanted.join(', ') && stage.idleDays === idleDays) return version;
		await tx.execute(sql`
			update stages set required_fields = ${JSON.stringify(wanted)}::jsonb, idle_days = ${idleDays},
				version = version + 1
			where id = ${stageId}`);
		await record(tx, acting, {
			type: 'stage.edited',
			data: {
				stageId,
				changes: {
					requiredFields: [before || null, wanted.join(', ') || null],
					idleDays: [stage.idleDays, idleDays],
				},
			},
		});
		return version + 1;
	});
}

/** Sets what a state demands and leaves the rest of it as it is. Throws like setStageRules. */
export async function setRequiredFields(
	sqlOrTx: Sql,
	acting: Acting,
	stageId: number,
	names: readonly string[],
): Promise<void> {
	await transact(sqlOrTx, async (tx) => {
		const stage = (await listStageSettings(tx)).find(({ id }) => id === stageId);
		if (stage === undefined) throw new NotFound('error.notFound');
		const { version, idleDays } = stage;
		await setStageRules(tx, acting, stageId, { version, idleDays, requiredFields: names });
	});
}
