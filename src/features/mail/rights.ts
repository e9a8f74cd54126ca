import { sql } from 'drizzle-orm';
import type { Acting } from '#src/features/access/rights.ts';
import { BUILT_IN_ROLES } from '#src/features/access/tables.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { type Language, type MessageKey, translate } from '#src/platform/i18n/translate.ts';
import { sendMail } from './actions.ts';

/** What of who may do what was changed; `role`: its code or name, or the group's of the directory. */
export type RightsChange =
	| {
			what: 'personAdded' | 'personRole' | 'personAccount' | 'personAdmitted' | 'personLinked';
			person: string;
			role: string;
	  }
	| { what: 'peopleImported'; people: number; role: string }
	| { what: 'roleAdded' | 'roleEdited' | 'roleRemoved' | 'mapping'; role: string };

const SAYS: Record<RightsChange['what'], MessageKey> = {
	mapping: 'mail.rightsMapping',
	peopleImported: 'mail.rightsPeopleImported',
	personAccount: 'mail.rightsPersonAccount',
	personAdded: 'mail.rightsPersonAdded',
	personAdmitted: 'mail.rightsPersonAdmitted',
	personLinked: 'mail.rightsPersonLinked',
	personRole: 'mail.rightsPersonRole',
	roleAdded: 'mail.rightsRoleAdded',
	roleEdited: 'mail.rightsRoleEdited',
	roleRemoved: 'mail.rightsRoleRemoved',
};

/**
 * Tells everybody who sets up people that somebody's rights were changed, the one who did it too: whose session
 * was taken over learns it so. To be called in the transaction that changes them. Returns how many letters.
 */
export async function notifyRights(tx: Sql, acting: Acting, change: RightsChange): Promise<number> {
	const { rows } = await tx.execute<{ id: number; language: Language }>(sql`
		select p.id, p.language from people p join roles r on r.code = p.role
		where p.active and 'people' = any(r.permissions) and p.email <> '' order by p.id`);
	const names = await namesOf(tx, change.role);
	let written = 0;
	for (const { id, language } of rows) {
		const args = {
			person: 'person' in change ? change.person : '',
			people: 'people' in change ? change.people : 0,
			role: names ?? translate(language, 'role.name', { role: change.role }),
		};
		const letter = await sendMail(tx, acting, {
			to: Number(id),
			kind: 'rights',
			subject: { key: 'mail.rights' },
			parts: [
				{ part: 'words', words: { key: SAYS[change.what], args } },
				{ part: 'words', words: { key: 'mail.rightsBy', args: { name: acting.actor.name } } },
				{ part: 'words', words: { key: 'mail.rightsNotYou' } },
				{ part: 'button', href: '/admin/audit', words: { key: 'mail.rightsOpen' } },
			],
		});
		if (letter !== null) written += 1;
	}
	return written;
}

// A role of the company's own is called the same in every language.
async function namesOf(tx: Sql, role: string): Promise<string | null> {
	const { rows } = await tx.execute<{ name: string | null }>(
		sql`select name from roles where code = ${role}`,
	);
	const name = rows[0] === undefined ? role : rows[0].name;
	return name === null && (BUILT_IN_ROLES as readonly string[]).includes(role) ? null : name;
}
