import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
	settingButtons,
	settingRoutes,
	settingSaved,
} from '#src/features/access/directory/doors.ts';
import { acting } from '#src/features/access/guard.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import {
	addExtraField,
	editExtraField,
	moveExtraField,
	removeExtraField,
	useExtraField,
} from './actions.ts';
import { ExtraForm, NewExtraForm, NewExtraQuery } from './forms.ts';
import {
	type ExtraFieldRow,
	findExtraField,
	listAllExtraFields,
	lockExtraField,
} from './queries.ts';
import { extraNames } from './words.ts';

/** The company's own fields of clients and deals. */
export function extraFieldRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	settingRoutes<ExtraFieldRow>(app, {
		db,
		...{ path: '/admin/extra-fields', access: 'catalogs', changes: 'extra', title: 'extra.title' },
		...{ fragment: 'company/extra-fields/_extra-fields', root: 'extra-page' },
		find: async (fieldId, sql) => await findExtraField(sql, fieldId),
		fields: ({ name, choices }) => ({ name, choices: choices.join('\n') }),
		lock: lockExtraField,
		async read({ viewer: { language } }) {
			return { fields: await listAllExtraFields(db), ...extraNames(language) };
		},
		async form(request, field) {
			const { noun = 'client' } = readQuery(NewExtraQuery, askedBy(request, field));
			const choices = field?.choices.join('\n') ?? '';
			const data = { field, choices, noun, ...extraNames(request.viewer.language) };
			return {
				fragment: 'company/extra-fields/_field',
				title: field ? 'extra.edit' : 'extra.new',
				data,
			};
		},
		async add(request, sql) {
			const { returnTo: _, was: __, ...read } = readForm(NewExtraForm, request.body);
			const field = { ...read, choices: read.choices ?? [] };
			const fieldId = await addExtraField(sql, acting(request), field);
			return settingSaved(field.name, { fieldId });
		},
		async edit(request, fieldId, body, sql) {
			const { version, name, choices = [] } = readForm(ExtraForm, body);
			const edit = { name, choices };
			const now = await editExtraField(sql, acting(request), fieldId, version, edit);
			return settingSaved(name, { fieldId, version: now });
		},
		buttons: settingButtons({
			move: moveExtraField,
			use: useExtraField,
			remove: removeExtraField,
		}),
	});
}

// Only the way to a new one says for which noun; a form that comes back says it itself.
function askedBy({ method, query }: FastifyRequest, field: ExtraFieldRow | null): unknown {
	return field === null && method === 'GET' ? query : {};
}
