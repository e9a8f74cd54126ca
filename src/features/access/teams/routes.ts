import type { FastifyInstance } from 'fastify';
import { type Done, settingRoutes } from '#src/features/access/directory/doors.ts';
import { acting } from '#src/features/access/guard.ts';
import { NewTeamForm, RemovalForm, TeamForm } from '#src/features/access/people/forms.ts';
import { findTeam, listTeams, type TeamRecord } from '#src/features/access/people/queries.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { readForm } from '#src/platform/forms/readers.ts';
import { addTeam, editTeam, lockTeams, removeTeam } from './actions.ts';

/** The teams of the company as a tree. */
export function teamRoutes(app: FastifyInstance, { connection }: { connection: Connection }): void {
	const { db } = connection;
	settingRoutes<TeamRecord>(app, {
		db,
		...{ path: '/admin/teams', access: 'people', changes: 'team', title: 'teams.title' },
		...{ fragment: 'access/teams/_teams', root: 'teams-page' },
		find: async (teamId, sql) => await findTeam(sql, teamId),
		fields: ({ name, parentId }) => ({ name, parentId: String(parentId ?? '') }),
		lock: lockTeams,
		read: async () => ({ teams: await listTeams(db) }),
		async form(_request, team) {
			const parents = (await listTeams(db))
				.filter(({ id }) => id !== team?.id)
				.map(({ id, name, depth }) => ({ id, name: `${'— '.repeat(depth)}${name}` }));
			const data = { team, parents };
			return { fragment: 'access/teams/_team-form', title: team ? 'team.edit' : 'team.new', data };
		},
		async add(request, sql) {
			const { name, parentId = null } = readForm(NewTeamForm, request.body);
			const teamId = await addTeam(sql, acting(request), { name, parentId });
			return saved(name, { teamId });
		},
		async edit(request, teamId, body, sql) {
			const { version, name, parentId = null } = readForm(TeamForm, body);
			const now = await editTeam(sql, acting(request), teamId, version, { name, parentId });
			return saved(name, { teamId, version: now });
		},
		buttons: {
			async removal(request, teamId, sql) {
				const { version } = readForm(RemovalForm, request.body);
				const name = await removeTeam(sql, acting(request), teamId, version);
				return { toast: { key: 'toast.teamRemoved', args: { name } } };
			},
		},
	});
}

const saved = (name: string, json: Record<string, unknown>): Done => ({
	...{ toast: { key: 'toast.teamSaved', args: { name } }, json },
});
