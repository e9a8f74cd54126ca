import type {
	AccountLink,
	ExportedList,
	FieldChange,
	SessionEnd,
	SignInWay,
} from '#src/event-shapes.ts';

/*
 * What can happen of people, their rights and signing in.
 */

export type PersonEvent =
	| {
			type: 'person.edited';
			data: { personId: number; changes: Record<string, FieldChange> };
	  }
	| {
			type: 'person.left';
			data: {
				personId: number;
				name: string;
				/** Who took over, and how much. */
				heirId: number | null;
				deals: number;
				interactions: number;
				clients: number;
			};
	  }
	| {
			type: 'person.created';
			data: { personId: number; login: string; name: string; role: string; waiting: boolean };
	  }
	| { type: 'person.linked' | 'person.linkDeclined'; data: AccountLink }
	| { type: 'person.unlinked'; data: { personId: number; accounts: number } }
	| {
			type: 'person.mapped' | 'person.approved';
			data: { personId: number; changes: Record<string, FieldChange> };
	  }
	| { type: 'person.erased'; data: { personId: number; rows: number } };

export type TeamEvent =
	| { type: 'team.added' | 'team.removed'; data: { teamId: number; name: string } }
	| { type: 'team.edited'; data: { teamId: number; changes: Record<string, FieldChange> } };

export type RoleEvent =
	| { type: 'role.added' | 'role.removed'; data: { roleId: number; name: string } }
	| { type: 'role.edited'; data: { roleId: number; changes: Record<string, FieldChange> } };

export type MappingEvent =
	| { type: 'mapping.added' | 'mapping.removed'; data: { mappingId: number; name: string } }
	| { type: 'mapping.edited'; data: { mappingId: number; changes: Record<string, FieldChange> } };

export type SessionEvent =
	| { type: 'session.started'; data: { way: SignInWay } }
	| {
			type: 'session.ended';
			data: { why: SessionEnd; personId: number; sessions: number };
	  }
	| {
			type: 'session.refused';
			/** `why` is a key of the locale files; `detail` is for those who look after the sign-in. */
			data: { way: SignInWay; why: string; login: string; address: string; detail?: string };
	  };

export type AccessEvent =
	/** Signed in, but not allowed to change what they asked for. */
	{ type: 'access.refused'; data: { path: string } };

export type PasswordEvent = {
	type: 'password.made' | 'password.removed';
	data: { personId: number };
};

export type ExportEvent =
	/** A list taken away as a file: which, by what отбор, how many rows of it. */
	{
		type: 'export.made';
		data: { screen: ExportedList; format: string; query: string; rows: number };
	};

declare module '#src/events.ts' {
	interface Events {
		person: PersonEvent;
		team: TeamEvent;
		role: RoleEvent;
		mapping: MappingEvent;
		session: SessionEvent;
		access: AccessEvent;
		password: PasswordEvent;
		export: ExportEvent;
	}
}
