import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import { type MessageKey, translate } from '#src/platform/i18n/translate.ts';

/** What a state can demand of a deal that enters it, beside extra fields, `extra_<id>`. */
export const REQUIRABLE = [
	'amount',
	'expectedCloseOn',
	'clientId',
	'source',
	'probability',
	'products',
	'contact',
] as const;
export type Requirable = (typeof REQUIRABLE)[number];

/** What they are called. */
export const REQUIRABLE_LABELS: Record<Requirable, MessageKey> = {
	amount: 'label.amount',
	expectedCloseOn: 'label.expectedCloseOn',
	clientId: 'label.clientName',
	source: 'label.source',
	probability: 'label.probability',
	products: 'deal.products',
	contact: 'deal.contact',
};

/** A field that a state demands and that a deal lacks; `label` is set for the company's own fields. */
export type Missing = { name: string; label: string | null };

/** 422: a state demands what the deal lacks. `missing` names it, `fields` says so to programs. */
export class FieldsMissing extends InvalidForm {
	readonly missing: readonly Missing[];
	constructor(stage: string, missing: readonly Missing[], acting: Acting) {
		const { language } = acting.actor;
		const words = missing.map(({ name, label }) => {
			const key = REQUIRABLE_LABELS[name as Requirable];
			return (label ?? translate(language, key)).toLowerCase();
		});
		const fields = missing.map(({ name }) => [name, { key: 'field.required' as const }]);
		super(Object.fromEntries(fields), {}, 'deal.fieldsMissing', {
			stage,
			fields: words.join(', '),
		});
		this.missing = missing;
	}
}

/** What is looked at of a deal: its row as it would enter the state. */
export type Judged = Record<
	'amount' | 'expectedCloseOn' | 'clientId' | 'source' | 'probability',
	string | number | null
> & { id: number | null; extra: Record<string, unknown> };

/**
 * What of the named fields a deal lacks, in their order. Extra fields that the company has given up are
 * demanded of nobody.
 */
export async function missingFields(
	db: Sql,
	deal: Judged,
	names: readonly string[],
): Promise<Missing[]> {
	if (names.length === 0) return [];
	const around = await readAround(db, deal, names);
	return names.flatMap((name): Missing[] => {
		const extra = /^extra_(\d+)$/.exec(name)?.[1];
		if (extra !== undefined) {
			const field = around.extraFields.find(({ id }) => String(id) === extra);
			return field && deal.extra[extra] === undefined ? [{ name, label: field.name }] : [];
		}
		if (name === 'products' || name === 'contact')
			return around[name] ? [] : [{ name, label: null }];
		return deal[name as keyof Judged] === null ? [{ name, label: null }] : [];
	});
}

type Around = {
	products: boolean;
	contact: boolean;
	extraFields: { id: number; name: string }[];
};

// One look, and only where a state asks for more than the deal's own row says.
async function readAround(db: Sql, deal: Judged, names: readonly string[]): Promise<Around> {
	if (names.every((name) => name in deal))
		return { products: false, contact: false, extraFields: [] };
	const { rows } = await db.execute<Around>(sql`
		select exists (select from deal_products where deal_id = ${deal.id}) as products,
			exists (
				select from contacts where client_id = ${deal.clientId} and archived_at is null
			) as contact,
			(select coalesce(jsonb_agg(jsonb_build_object('id', id, 'name', name)), '[]')
				from extra_fields where noun = 'deal' and active) as "extraFields"`);
	return rows[0] as Around;
}
