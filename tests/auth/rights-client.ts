import { addContact } from '#src/features/clients/contacts/contacts.ts';
import { addExtraField } from '#src/features/company/extra-fields/actions.ts';
import type { Answer, Browser } from '../app.ts';
import { by, LOGINS } from '../cast.ts';
import { JSON_ANSWER, type Rule, type Rules, type Tools, versionOf } from './rights-rules.ts';

const ABSENT = 999_999;

/** The routes of one client and of its contacts, and of the company's own fields. */
export function clientRules({ database, cast }: Tools): Rules {
	const { db, pool } = database;
	const contacts = new Map<number, number>();
	let fieldId = ABSENT;
	const clientOf = async (dealId: number): Promise<number> => {
		const { rows } = await pool.query('select client_id as id from deals where id = $1', [dealId]);
		return rows[0]?.id ?? ABSENT;
	};
	const contactOf = async (dealId: number) => contacts.get(await clientOf(dealId)) ?? ABSENT;
	const read = (path: (id: number) => string, seen = 200): Rule => ({
		call: async (person, { dealId }) => await person.get(path(await clientOf(dealId)), JSON_ANSWER),
		seen,
	});
	const change = (noun: 'clients' | 'contacts', path: string, body: object): Rule => ({
		call: async (person, { dealId }) => {
			const id = noun === 'clients' ? await clientOf(dealId) : await contactOf(dealId);
			const version = await versionOf(database, noun, id);
			return await person.json(`/${noun}/${id}/${path}`, { ...body, version });
		},
		seen: 200,
	});
	const onField = (path: string, body: object) => ({
		call: async (person: Browser): Promise<Answer> => {
			const { rows } = await pool.query('select version from extra_fields where id = $1', [
				fieldId,
			]);
			const version = rows[0]?.version ?? 1;
			return await person.json(`/admin/extra-fields/${fieldId}/${path}`, { ...body, version });
		},
		status: 200,
	});
	let made = 0;
	return {
		async prepare() {
			for (const login of LOGINS) {
				const acting = by(cast().people[login]);
				const clientId = await clientOf(cast().deals[login]);
				contacts.set(clientId, await addContact(db, acting, clientId, { name: 'Контакт' }));
			}
			fieldId = await addExtraField(db, by(cast().people.ada), {
				...{ noun: 'client', name: 'Девиз', kind: 'text', choices: [] },
			});
		},
		records: {
			'GET /clients/:id': read((id) => `/clients/${id}`),
			'GET /clients/:id/history': read((id) => `/clients/${id}/history`, 303),
			'GET /clients/:id/edit': read((id) => `/clients/${id}/edit`),
			'GET /clients/:id/contacts/new': read((id) => `/clients/${id}/contacts/new`),
			'GET /contacts/:id/edit': {
				call: async (person, { dealId }) =>
					await person.get(`/contacts/${await contactOf(dealId)}/edit`, JSON_ANSWER),
				seen: 200,
			},
			'POST /clients/:id/edit': change('clients', 'edit', { segment: 'Опт' }),
			'POST /clients/:id/contacts': {
				call: async (person, { dealId }) =>
					await person.json(`/clients/${await clientOf(dealId)}/contacts`, { name: 'Новый' }),
				seen: 200,
			},
			'POST /contacts/:id/edit': change('contacts', 'edit', { role: 'Платит' }),
			'POST /contacts/:id/archive': change('contacts', 'archive', {}),
			'POST /contacts/:id/restoration': change('contacts', 'restoration', {}),
		},
		signedIn: {
			'GET /clients/new': {
				call: (person) => person.get('/clients/new', JSON_ANSWER),
				status: 200,
			},
			'POST /clients': {
				call: (person) => {
					made += 1;
					return person.json('/clients', { name: `Ещё один ${made * 7919}`, anyway: '1' });
				},
				status: 200,
			},
		},
		administrators: {
			'GET /admin/extra-fields': {
				call: (person) => person.get('/admin/extra-fields', JSON_ANSWER),
				status: 200,
			},
			'GET /admin/extra-fields/new': {
				call: (person) => person.get('/admin/extra-fields/new', JSON_ANSWER),
				status: 200,
			},
			'GET /admin/extra-fields/:id/edit': {
				call: (person) => person.get(`/admin/extra-fields/${fieldId}/edit`, JSON_ANSWER),
				status: 200,
			},
			'POST /admin/extra-fields': {
				call: (person) => {
					made += 1;
					const name = `Поле ${made}`;
					return person.json('/admin/extra-fields', { noun: 'client', name, kind: 'text' });
				},
				status: 200,
			},
			'POST /admin/extra-fields/:id/edit': onField('edit', { name: 'Девиз компании' }),
			'POST /admin/extra-fields/:id/position': onField('position', { way: 'down' }),
			'POST /admin/extra-fields/:id/activity': onField('activity', {}),
			'POST /admin/extra-fields/:id/removal': onField('removal', {}),
		},
	};
}
