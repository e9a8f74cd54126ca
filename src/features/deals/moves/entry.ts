import type { Acting } from '#src/features/access/rights.ts';
import { addContact } from '#src/features/clients/contacts/contacts.ts';
import { type DealEdit, editDeal } from '#src/features/deals/deal/editing.ts';
import { addDealProduct, type TypedLine } from '#src/features/deals/products/products.ts';
import {
	type DealToEdit,
	type DemandingStage,
	findDealToEdit,
} from '#src/features/deals/queries.ts';
import type { Sql, Tx } from '#src/platform/db/client.ts';
import { InvalidForm } from '#src/platform/errors.ts';
import { FieldsMissing, type Missing, missingFields } from './required-fields.ts';

/** What is filled in along with a move: facts of the deal, a first product, somebody to talk to. */
export type Filling = DealEdit & {
	product?: TypedLine | undefined;
	contact?: { name: string; phone: string | null } | undefined;
};

/**
 * Refuses a deal that lacks what a state demands of those that enter it, `filling` counted in. Nothing is
 * written. Throws FieldsMissing.
 */
export async function checkEntry(
	tx: Tx,
	acting: Acting,
	deal: DealToEdit,
	stage: DemandingStage,
	filling: Filling,
): Promise<void> {
	const missing = await missingFor(tx, deal, stage, filling);
	if (missing.length > 0) throw new FieldsMissing(stage.name, missing, acting);
}

type Facts = Pick<
	DealToEdit,
	| 'id'
	| 'amount'
	| 'amountFromProducts'
	| 'expectedCloseOn'
	| 'clientId'
	| 'source'
	| 'probability'
	| 'extra'
>;

/** What a deal lacks of what a state demands, `filling` counted in. */
export async function missingFor(
	tx: Sql,
	deal: Facts,
	stage: DemandingStage,
	filling: Filling,
): Promise<Missing[]> {
	const { clientName, extra = {}, product, contact, ...row } = filling;
	const after = { ...deal, ...row, extra: { ...deal.extra } as Record<string, unknown> };
	for (const [id, value] of Object.entries(extra))
		if (value === null) delete after.extra[id];
		else after.extra[id] = value;
	// A name finds a client or makes one; whose contacts count is known only then.
	if (clientName !== undefined) after.clientId = clientName === null ? null : (deal.clientId ?? 0);
	if (deal.amountFromProducts) after.amount = product?.price ?? deal.amount;
	const missing = await missingFields(tx, after, stage.requiredFields);
	return missing.filter(
		({ name }) => !((name === 'products' && product) || (name === 'contact' && contact)),
	);
}

/**
 * Writes what was filled in, behind the move that it belongs to. Returns the deal as it is then. Throws
 * like editDeal, addDealProduct and addContact.
 */
export async function writeFilling(
	tx: Tx,
	acting: Acting,
	dealId: number,
	filling: Filling,
): Promise<DealToEdit> {
	const { product, contact, ...edit } = filling;
	const moved = await findDealToEdit(tx, acting.actor, dealId);
	if (Object.keys(edit).length > 0) await editDeal(tx, acting, dealId, moved.version, edit);
	const deal = await findDealToEdit(tx, acting.actor, dealId);
	if (contact) {
		if (deal.clientId === null)
			throw new InvalidForm({ clientName: { key: 'field.required' } }, {});
		const { name, phone } = contact;
		await addContact(tx, acting, deal.clientId, { name, phones: phone === null ? [] : [phone] });
	}
	if (product) await addDealProduct(tx, acting, deal, product);
	return contact || product ? await findDealToEdit(tx, acting.actor, dealId) : deal;
}
