import { addContact } from '#src/features/clients/contacts/contacts.ts';
import type { Browser } from '../app.ts';
import { by, LOGINS } from '../cast.ts';
import {
	get,
	JSON_ANSWER,
	type Rule,
	type Rules,
	type Target,
	type Tools,
	versionOf,
} from './rights-rules.ts';

/** The routes by which clients are merged, leave, and come and go as visiting cards. */
export function mergeRules({ database, cast }: Tools): Rules {
	const clientOf = async ({ dealId }: Target): Promise<number> => {
		const { rows } = await database.pool.query('select client_id from deals where id = $1', [
			dealId,
		]);
		return rows[0]?.client_id ?? 999_999;
	};
	const contacts = new Map<number, number>();
	const contactOf = async (target: Target) => contacts.get(await clientOf(target)) ?? 999_999;
	const onContact = (path: (id: number) => string): Rule => ({
		call: async (person, target) => await person.get(path(await contactOf(target)), JSON_ANSWER),
		seen: 200,
	});
	const page = (path: string): Rule => ({
		call: async (person, target, me) => {
			const id = await clientOf(target);
			return await get(() => `/clients/${id}${path}`)(person, target, me);
		},
		seen: 200,
	});
	const change = (path: string, seen: number, fields: Record<string, string> = {}): Rule => ({
		call: async (person, target) => {
			const id = await clientOf(target);
			const version = await versionOf(database, 'clients', id);
			const versioned = path.includes('vcard') ? {} : { version };
			return await person.json(`/clients/${id}${path}`, { ...fields, ...versioned });
		},
		seen,
	});
	const nowhere = (path: string, version?: number) => ({
		call: (person: Browser) =>
			version === undefined ? person.get(path, JSON_ANSWER) : person.json(path, { version }),
		status: 404,
	});
	return {
		async prepare() {
			for (const login of LOGINS) {
				const acting = by(cast().people[login]);
				const clientId = await clientOf({ dealId: cast().deals[login], stepId: 0 });
				const contactId = await addContact(database.db, acting, clientId, { name: 'Названный' });
				contacts.set(clientId, contactId);
				await database.pool.query(
					`insert into interactions (client_id, contact_id, kind_id, summary, owner_id, planned_on)
					 values ($1, $2, 1, 'Позвонить', $3, '2026-12-01')`,
					[clientId, contactId, acting.actorId],
				);
			}
		},
		records: {
			'GET /contacts/:id.vcf': onContact((id) => `/contacts/${id}.vcf`),
			'GET /contacts/:id/removal': onContact((id) => `/contacts/${id}/removal`),
			'POST /contacts/:id/removal': {
				call: async (person, target) => {
					const id = await contactOf(target);
					const version = await versionOf(database, 'contacts', id);
					return await person.json(`/contacts/${id}/removal`, { version });
				},
				// A step names it.
				seen: 422,
			},
			'GET /clients/:id/menu': page('/menu'),
			'GET /clients/:id/removal': page('/removal'),
			'GET /clients/:id.vcf': page('.vcf'),
			'GET /clients/:id/contacts/vcard': page('/contacts/vcard'),
			'POST /clients/:id/archive': change('/archive', 200),
			'POST /clients/:id/restoration': change('/restoration', 200),
			// Every client of the cast has a deal.
			'POST /clients/:id/removal': change('/removal', 422),
			'POST /clients/:id/contacts/vcard': change('/contacts/vcard', 422),
			'POST /clients/:id/contacts/vcard/cards': change('/contacts/vcard/cards', 200, {
				cards: '[]',
			}),
		},
		signedIn: {
			'GET /clients/duplicates': {
				call: (person) => person.get('/clients/duplicates?by=name', JSON_ANSWER),
				status: 200,
			},
			// Of clients whom one knows: tests/clients/duplicates.test.ts.
			'POST /clients/differences': {
				call: (person) =>
					person.json('/clients/differences', { kind: 'inn', alike: '7', ids: '999998,999999' }),
				status: 404,
			},
			// Whose clients they are is tried in tests/clients/merge-doors.test.ts.
			'GET /clients/candidates': nowhere('/clients/candidates?ids=999999'),
			'GET /clients/merge': nowhere('/clients/merge?ids=999998,999999'),
			'POST /clients/merge': {
				call: (person) =>
					person.json('/clients/merge', { version: '999998:1,999999:1', survivorId: 999_999 }),
				status: 404,
			},
			'GET /merges/:id': nowhere('/merges/999999'),
			'GET /clients/vcard': {
				call: (person) => person.get('/clients/vcard', JSON_ANSWER),
				status: 200,
			},
			'POST /clients/vcard': { call: (person) => person.json('/clients/vcard', {}), status: 422 },
			'POST /clients/vcard/cards': {
				call: (person) => person.json('/clients/vcard/cards', { cards: '[]' }),
				status: 200,
			},
		},
		administrators: { 'POST /merges/:id/undoing': nowhere('/merges/999999/undoing', 1) },
	};
}
