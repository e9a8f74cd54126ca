import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Gauge } from 'prom-client';
import type { Config } from '#src/config.ts';
import { type Done, settingRoutes } from '#src/features/access/directory/doors.ts';
import { acting } from '#src/features/access/guard.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { leaveFor } from '#src/platform/http/redirect.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import type { Fields } from '#src/platform/pages/three-way-merge.ts';
import { addPerson, admitPerson, dismissPerson, editPerson, type PersonEdit } from './actions.ts';
import { countBelongings, countOrphans, KINDS, listOrphans, needsHeir } from './belongings.ts';
import {
	LeavingForm,
	LinkForm,
	NewPersonForm,
	PeopleQuery,
	PersonForm,
	PersonParams,
	ReturnForm,
} from './forms.ts';
import { declineAccount, linkAccount, listWaitingAccounts } from './linking.ts';
import {
	findPerson,
	listHeirs,
	listPeopleRecords,
	listRoles,
	listTeams,
	lockPerson,
	type PersonRecord,
} from './queries.ts';
import { roleWords } from './words.ts';

const PATH = '/admin/people';
const access = 'people' as const;
const READS = { config: { access } };
const CHANGES = { config: { access, changes: 'person' as const } };

/** The people of the company, as an administrator sets them up. */
export function peopleRoutes(
	app: FastifyInstance,
	{ connection, config }: { connection: Connection; config: Config },
): void {
	const { db } = connection;
	watchOrphans(app, connection);
	const idOf = (request: FastifyRequest) => readQuery(PersonParams, request.params).id;

	const choices = async ({ viewer }: FastifyRequest) => ({
		roles: (await listRoles(db)).map((role) => ({
			...{ id: role.code, name: roleWords(role, viewer.language) },
		})),
		teams: (await listTeams(db)).map(({ id, name, depth }) => ({
			...{ id, name: `${'— '.repeat(depth)}${name}` },
		})),
	});

	settingRoutes<PersonRecord>(app, {
		db,
		...{ path: PATH, access, changes: 'person', title: 'people.title' },
		fresh: true,
		...{ fragment: 'access/people/_people', root: 'people-page' },
		find: async (personId, sql) => await findPerson(sql, personId),
		fields: fieldsOf,
		lock: lockPerson,
		async read(request) {
			const filter = readQuery(PeopleQuery, request.method === 'GET' ? request.query : {});
			const accounts = await listWaitingAccounts(db);
			const found = await listPeopleRecords(db, filter);
			const orphans = await listOrphans(db);
			return { filter, accounts, orphans, needsHeir, ...found, ...(await choices(request)) };
		},
		async form(request, person) {
			const data = { person, ...(await choices(request)) };
			const title = person ? 'person.edit' : 'person.new';
			return { fragment: 'access/people/_person-form', title, data };
		},
		async add(request, sql) {
			const person = personOf(readForm(NewPersonForm, request.body));
			const settings = { language: config.LANGUAGE, timeZone: config.TIME_ZONE };
			const personId = await addPerson(sql, acting(request), person, settings);
			return saved(person.name, { personId });
		},
		async edit(request, personId, body, sql) {
			const { version, ...read } = readForm(PersonForm, body);
			const person = personOf(read);
			const now = await editPerson(sql, acting(request), personId, version, person);
			return saved(person.name, { personId, version: now });
		},
		buttons: {
			async admission(request, personId, sql) {
				const { version } = readForm(ReturnForm, request.body);
				const now = await admitPerson(sql, acting(request), personId, version);
				const { name } = await findPerson(sql, personId);
				return { toast: { key: 'toast.personAdmitted', args: { name } }, json: { version: now } };
			},
			async linking(request, personId, sql) {
				const { version, accountId } = readForm(LinkForm, request.body);
				const name = await linkAccount(sql, acting(request), personId, version, accountId);
				return { toast: { key: 'toast.personLinked', args: { name } } };
			},
			async strangeness(request, personId, sql) {
				const { version, accountId } = readForm(LinkForm, request.body);
				const login = await declineAccount(sql, acting(request), personId, version, accountId);
				return { toast: { key: 'toast.linkDeclined', args: { login } } };
			},
		},
	});

	app.get(`${PATH}/:id/leaving/new`, READS, async (request, reply) =>
		drawLeaving(request, reply, null),
	);

	async function drawLeaving(
		request: FastifyRequest,
		reply: FastifyReply,
		problem: Problem | null,
	) {
		const person = await findPerson(db, idOf(request));
		const [left, heirs] = await Promise.all([
			countBelongings(db, person.id),
			listHeirs(db, person.id),
		]);
		const view = { fragment: 'access/people/_leaving', title: 'person.leaving' as const };
		return await drawForm(
			request,
			reply,
			{ ...view, data: { person, left, heirs, needsHeir } },
			problem,
		);
	}

	app.post(`${PATH}/:id/leaving`, CHANGES, async (request, reply) =>
		attempt(
			request,
			async () => {
				const personId = idOf(request);
				const { version, heirId = null } = readForm(LeavingForm, request.body);
				const { left, name } = await once(db, request, async (sql) => ({
					left: await dismissPerson(sql, acting(request), personId, version, heirId),
					name: (await findPerson(sql, personId)).name,
				}));
				const toast = { key: 'toast.personLeft', args: { name, ...left } } as const;
				return leaveFor(request, reply, PATH, toast, left);
			},
			async (problem) => await drawLeaving(request, reply, problem),
		),
	);
}

const COUNTED_EVERY_MS = 300_000;

// Each scrape asks a few indexes for everybody who ever left: once in five minutes is soon enough, however many scrape.
function watchOrphans(app: FastifyInstance, { db }: Connection): void {
	let askedAt = Number.NEGATIVE_INFINITY;
	new Gauge({
		name: 'left_behind',
		help: 'Open things of people who do not work here, by kind.',
		labelNames: ['kind'],
		registers: [app.metrics],
		async collect() {
			if (performance.now() - askedAt < COUNTED_EVERY_MS) return;
			// A database that is away must not take the other figures with it.
			const counts = await countOrphans(db).catch(() => null);
			this.reset();
			if (counts === null) return;
			askedAt = performance.now();
			for (const kind of KINDS) this.set({ kind }, counts[kind]);
		},
	});
}

const saved = (name: string, json: Record<string, unknown>): Done => ({
	...{ toast: { key: 'toast.personSaved', args: { name } }, json },
});

type Read = Pick<PersonEdit, 'name' | 'login' | 'role'> & { email?: string; teamId?: number };
const personOf = ({ name, login, role, email, teamId }: Read): PersonEdit => ({
	...{ name, login, role, email: email ?? null, teamId: teamId ?? null },
});

function fieldsOf({ name, login, email, role, teamId }: PersonRecord): Fields {
	return { name, login, email: email ?? '', role, teamId: String(teamId ?? '') };
}
