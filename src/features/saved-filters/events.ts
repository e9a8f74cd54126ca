/*
 * What can happen of saved filters.
 */

export type FilterEvent = {
	type: 'filter.saved' | 'filter.changed' | 'filter.removed';
	data: { filterId: number; screen: string; name: string; shared: boolean };
};

declare module '#src/events.ts' {
	interface Events {
		filter: FilterEvent;
	}
}
