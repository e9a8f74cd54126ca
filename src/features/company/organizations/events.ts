import type { FieldChange } from '#src/event-shapes.ts';

/*
 * What can happen of our organizations.
 */

export type OrganizationEvent =
	| {
			type: 'organization.added' | 'organization.removed';
			data: { organizationId: number; name: string };
	  }
	| {
			type: 'organization.edited';
			data: { organizationId: number; changes: Record<string, FieldChange> };
	  };

declare module '#src/events.ts' {
	interface Events {
		organization: OrganizationEvent;
	}
}
