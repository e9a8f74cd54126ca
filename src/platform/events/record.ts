import type { AppEvent, Door } from '#src/events.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { events } from './tables.ts';

/** Who does it, by which way, and when: what every verb of the trade is told. */
export type By = { actorId: number | null; door: Door; now: Date };

/** Writes one event row per event, inside the caller's transaction. */
export async function record(tx: Sql, by: By, ...happened: AppEvent[]): Promise<void> {
	if (happened.length === 0) return;
	await tx.insert(events).values(
		happened.map((event) => ({
			type: event.type,
			at: by.now,
			actorId: by.actorId,
			door: by.door,
			dealId: 'dealId' in event ? event.dealId : null,
			clientId: 'clientId' in event ? event.clientId : null,
			interactionId: 'interactionId' in event ? event.interactionId : null,
			data: event.data,
		})),
	);
}
