import type { FastifyRequest } from 'fastify';
import { actorOf } from '#src/features/access/guard.ts';
import { pointValues } from '#src/features/clients/contacts/contacts.ts';
import type { ClientRecord } from '#src/features/clients/record.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { RuleBroken } from '#src/platform/errors.ts';
import { wantsJson } from '#src/platform/http/errors.ts';
import type { Problem } from '#src/platform/pages/dialog.ts';
import type { Below } from '#src/platform/pages/fields.ts';
import { type Duplicate, findDuplicates, type Wanted } from './duplicates.ts';

/**
 * Holds a form back once if what it says looks like clients that are there already and that the person has not
 * seen (`seen`: the form's field `anyway`). Throws RuleBroken, which redraws the form with their list. A
 * program is not warned: it would have nobody to ask.
 */
export async function warnOfDuplicates(
	db: Sql,
	request: FastifyRequest,
	wanted: Wanted,
	seen: readonly number[] | null = null,
): Promise<void> {
	if (wantsJson(request)) return;
	const found = await findDuplicates(db, actorOf(request), wanted);
	if (found.some(({ id }) => !seen?.includes(id))) throw new RuleBroken('duplicate.found');
}

/** The likely doubles that a form which came back has to show; none for a fresh one. */
export async function duplicatesOf(
	db: Sql,
	request: FastifyRequest,
	problem: Problem | null,
	known: Pick<Wanted, 'except'> & { of: 'client' | 'contact' },
): Promise<Duplicate[]> {
	if (problem === null) return [];
	const { typed } = problem;
	const all = (what: RegExp) =>
		Object.entries(typed).flatMap(([name, value]) => (what.test(name) ? value.split(/\n/) : []));
	const client = known.of === 'client' ? { name: typed.name ?? null, inn: typed.inn ?? null } : {};
	return await findDuplicates(db, actorOf(request), {
		...{ ...client, phones: all(/phone/i), emails: all(/e-?mail/i) },
		...(known.except ? { except: known.except } : {}),
	});
}

/** The same under one of a client's facts that is edited in its place, and what is looked at while one types. */
export function duplicatesBelow(data: { client: ClientRecord; duplicates: Duplicate[] }): Below {
	const { client, duplicates } = data;
	return {
		fields: Object.keys(WATCHED),
		fragment: 'clients/duplicates/_duplicates',
		data: { duplicates, at: 'duplicates-here' },
		watch: { duplicates: Object.values(WATCHED).join(' '), except: client.id },
	};
}

/** Fields of a client that make it a double, as public/js/duplicates.js is told of them. */
const WATCHED = { name: 'name', inn: 'inn', phones: 'phone:phones', emails: 'email:emails' };

/** Of what an edit says, what differs from what stood there: only that can make a double. */
export function newlySaid(said: Wanted, before: Wanted): Wanted {
	const fresh = (all: readonly string[] = [], old: readonly string[] = []) =>
		all.filter((one) => !old.includes(one));
	return {
		...(said.name && said.name !== before.name ? { name: said.name } : {}),
		...(said.inn && said.inn !== before.inn ? { inn: said.inn } : {}),
		phones: fresh(said.phones, before.phones),
		emails: fresh(said.emails, before.emails),
		...(before.except ? { except: before.except } : {}),
	};
}

type Said = {
	name?: string;
	inn?: string | null;
	phones?: readonly string[];
	emails?: readonly string[];
	contacts?: readonly { phones?: readonly string[]; emails?: readonly string[] }[];
};

/** What a new client, its contacts included, or an edit of one may have in common with others. */
export function wantedOf({ name, inn, phones = [], emails = [], contacts = [] }: Said): Wanted {
	return {
		...(name ? { name } : {}),
		...(inn ? { inn } : {}),
		phones: [...phones, ...contacts.flatMap((one) => one.phones ?? [])],
		emails: [...emails, ...contacts.flatMap((one) => one.emails ?? [])],
	};
}

/** The same of a client as it stands. */
export function knownOf({ id, name, inn, points }: ClientRecord): Wanted {
	const [phones, emails] = [pointValues(points, 'phone'), pointValues(points, 'email')];
	return { name, inn, phones, emails, except: id };
}

/** What a contact may have in common with other clients than its own. */
export function reachOf(
	{ phones = [], emails = [] }: Pick<Said, 'phones' | 'emails'>,
	clientId: number,
): Wanted {
	return { phones, emails, except: clientId };
}
