import type { AppEvent, ProductChange, SettledStep } from '#src/events.ts';
import { fieldOf } from './fields.ts';
import type { AuditEvent } from './queries.ts';

/** A value that an event tells of: what it was and what it is, or only what it is. */
export type Part = { name: string } & ({ from: unknown; to: unknown } | { value: unknown });

type Data = Record<string, unknown>;

/** What `from` and `to` of an event are. */
const FROM_TO: Partial<Record<AppEvent['type'], string>> = {
	'deal.lost': 'stageId',
	'deal.moved': 'stageId',
	'deal.reassigned': 'ownerId',
	'deal.reopened': 'stageId',
	'deal.won': 'stageId',
	'interaction.postponed': 'plannedAt',
	'interaction.reassigned': 'ownerId',
};
/** Ids of what the event is about, and what nobody asks for. */
const UNTOLD = ['contactId', 'mergeId', 'importId', 'seriesId', 'intoId', 'row', 'whole', 'was'];

/** All that an event tells, in its order. */
export function partsOf(event: AuditEvent): Part[] {
	const { changes, products, from, to, moved, cancelled, returned, ...rest } = event.data;
	const { noun } = event;
	const own = new Set([...UNTOLD, noun === 'extra' ? 'fieldId' : `${noun}Id`, 'name', 'summary']);
	// Who helps with a deal, whose session ended: that is what the event tells.
	if (['deal', 'session', 'password'].includes(noun)) own.delete('personId');
	const pair = FROM_TO[event.type as AppEvent['type']];
	return [
		...(pair ? [{ name: pair, from, to }] : []),
		...(event.type === 'interaction.reopened' ? [{ name: 'status', value: from }] : []),
		...pairs(changes as Data | undefined).map(([name, value]) => {
			const [before, after] = Array.isArray(value) ? value : [null, value];
			return { name, from: before, to: after };
		}),
		...((Array.isArray(products) ? products : []) as ProductChange[]).map(productPart),
		...pairs(rest)
			.filter(([name]) => !own.has(name))
			.map(([name, value]) => ({ name, value })),
		...pairs({ cancelled, returned })
			.filter(([, steps]) => Array.isArray(steps))
			.map(([name, steps]) => ({ name, value: summariesOf(steps as SettledStep[]) })),
		...pairs(moved as Data | undefined)
			.filter(([, count]) => count !== 0)
			.map(([name, value]) => ({ name, value })),
	];
}

const summariesOf = (steps: SettledStep[]) => steps.map(({ summary }) => summary).join('; ');

const pairs = (data: Data | undefined) => Object.entries(data ?? {});

const productPart = ({ product, from, to }: ProductChange): Part => ({ name: product, from, to });

/** Whose names have to be read to tell these events. */
export function namesWanted(events: AuditEvent[]): Map<string, Set<string>> {
	const wanted = new Map<string, Set<string>>();
	const want = (noun: string | undefined, id: unknown) => {
		if (noun === undefined) return;
		if (typeof id !== (noun === 'roleCode' ? 'string' : 'number')) return;
		wanted.set(noun, (wanted.get(noun) ?? new Set()).add(String(id)));
	};
	for (const event of events) {
		want('deal', event.dealId);
		want('client', event.clientId);
		want(event.noun, event.recordId);
		for (const part of partsOf(event)) {
			const own = /^extra_(\d+)$/.exec(part.name)?.[1];
			if (own) want('extra', Number(own));
			const told = fieldOf(event.type, part.name)?.[1];
			for (const value of 'value' in part ? [part.value] : [part.from, part.to]) want(told, value);
			if (part.name === 'requiredFields' && 'from' in part)
				for (const [, id] of `${part.from} ${part.to}`.matchAll(/extra_(\d+)/g))
					want('extra', Number(id));
		}
	}
	return wanted;
}
