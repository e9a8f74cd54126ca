import type { FieldChange } from '#src/event-shapes.ts';

/*
 * What can happen of the settings of a person.
 */

export type SettingsEvent = {
	type: 'settings.saved';
	data: { changes: Record<string, FieldChange> };
};

declare module '#src/events.ts' {
	interface Events {
		settings: SettingsEvent;
	}
}
