/**
 * The doors that an «Отменить» may lead through, and the fields that each is sent. What a browser brings back names one
 * of them and never an address: a toast can lead nowhere else, whoever wrote it.
 */
const WAYS = {
	'clients.bulk': { path: '/clients/bulk', fields: ['verb', 'client', 'tag', 'tagAction'] },
	'client.restore': { path: '/clients/:id/restoration', fields: ['version'] },
	'contact.restore': { path: '/contacts/:id/restoration', fields: ['version'] },
	'deal.archive': { path: '/deals/:id/archive', fields: ['version'] },
	'deal.move': { path: '/deals/:id/moves', fields: ['version', 'stageId', 'asBefore'] },
	'deal.recover': { path: '/deals/:id/recovery', fields: ['version'] },
	'deal.restore': { path: '/deals/:id/restoration', fields: ['version'] },
	'deal.separate': { path: '/deals/:id/separation', fields: ['version'] },
	'deals.bulk': { path: '/deals/bulk', fields: ['verb', 'back', 'deal', 'tag', 'tagAction'] },
	'merge.undo': { path: '/merges/:id/undoing', fields: ['version'] },
	'step.date': { path: '/interactions/:id/date', fields: ['version', 'plannedOn', 'plannedAt'] },
	'step.delete': { path: '/interactions/:id/deletion', fields: ['version'] },
	'step.edit': {
		path: '/interactions/:id',
		fields: ['version', 'plannedDay', 'plannedTime', 'lengthMinutes'],
	},
	'step.postpone': {
		path: '/interactions/:id/postponement',
		fields: ['version', 'plannedDay', 'plannedTime'],
	},
	'step.reopen': {
		path: '/interactions/:id/reopening',
		fields: ['version', 'nextId', 'nextVersion'],
	},
	'step.restore': {
		path: '/interactions/:id/restoration',
		fields: ['version', 'dealId', 'clientId'],
	},
	'steps.bulk': { path: '/interactions/bulk', fields: ['verb', 'back', 'step'] },
} as const satisfies Record<string, { path: `/${string}`; fields: readonly string[] }>;

type Ways = typeof WAYS;
type Way = keyof Ways;

/** A way back: which door, of which record (0 where the door is no record's), with which fields. */
export type Undo = { way: Way; id: number; fields: Record<string, string> };

/** The way back through a door; its fields are the door's, checked by the compiler. */
export function wayBack<W extends Way>(
	way: W,
	id: number,
	fields: { [Field in Ways[W]['fields'][number]]?: string },
): Undo {
	return { way, id, fields: fields as Record<string, string> };
}

/** The address that an undo's form is sent to. */
export function undoPath({ way, id }: Undo): string {
	return WAYS[way].path.replace(':id', String(id));
}

/** Whether this is a way that leads through a door of the list, with that door's fields alone. */
export function isUndo(undo: { way: string; id: number; fields: Record<string, string> }): boolean {
	if (!Object.hasOwn(WAYS, undo.way)) return false;
	const known: readonly string[] = [...WAYS[undo.way as Way].fields, 'returnTo'];
	return Object.keys(undo.fields).every((name) => known.includes(name));
}

/** Every door of the list, as the application registers it. */
export const UNDO_DOORS: readonly string[] = Object.values(WAYS).map(({ path }) => path);
