import { PERMISSIONS, SCOPES } from '#src/features/access/tables.ts';
import {
	checked,
	email,
	form,
	id,
	oneOf,
	optional,
	text,
	version,
} from '#src/platform/forms/readers.ts';

export const PersonParams = form({ id: id() });

/** The list of people: words of name, login or mail; a team; who is in, who has left. */
export const PeopleQuery = form({
	q: optional(text(200)),
	team: optional(id()),
	state: optional(oneOf('active', 'waiting', 'left')),
});

const person = {
	name: text(200),
	login: text(100),
	email: optional(email()),
	role: text(60),
	teamId: optional(id()),
	was: optional(text(5_000)),
	returnTo: optional(text(500)),
};

/** A person who comes to the company. */
export const NewPersonForm = form(person);
/** A person as they are to be. */
export const PersonForm = form({ version: version(), ...person });
/** A person leaves: `heirId` takes over what is open. */
export const LeavingForm = form({
	version: version(),
	heirId: optional(id()),
	returnTo: optional(text(500)),
});
/** A person comes back, or is let in. */
export const ReturnForm = form({ version: version() });

/** An account of the directory is this person's, or is not. */
export const LinkForm = form({ version: version(), accountId: id() });

const team = {
	name: text(200),
	parentId: optional(id()),
	was: optional(text(1_000)),
	returnTo: optional(text(500)),
};
export const NewTeamForm = form(team);
export const TeamForm = form({ version: version(), ...team });

/** The name of a permission's check box. */
export const permissionField = (permission: string): string =>
	`may_${permission.replace('.', '_')}`;

const permissions = Object.fromEntries(
	PERMISSIONS.map((one) => [permissionField(one), optional(checked())]),
);
const role = {
	name: optional(text(100)),
	viewScope: oneOf(...SCOPES),
	editScope: oneOf(...SCOPES),
	was: optional(text(2_000)),
	returnTo: optional(text(500)),
};
export const NewRoleForm = form({ ...role, ...permissions });
export const RoleForm = form({ version: version(), ...role, ...permissions });

const mapping = {
	pattern: text(300),
	role: optional(text(60)),
	teamId: optional(id()),
	was: optional(text(1_000)),
	returnTo: optional(text(500)),
};
export const NewMappingForm = form(mapping);
export const MappingForm = form({ version: version(), ...mapping });

/** One place up or down in the order; away with it. */
export const PositionForm = form({ version: version(), way: oneOf('up', 'down') });
export const RemovalForm = form({ version: version() });
