import type { FastifyInstance } from 'fastify';
import {
	settingButtons,
	settingRoutes,
	settingSaved,
} from '#src/features/access/directory/doors.ts';
import { MergerForm } from '#src/features/access/directory/forms.ts';
import { acting } from '#src/features/access/guard.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { readForm, readQuery } from '#src/platform/forms/readers.ts';
import { type Language, translate } from '#src/platform/i18n/translate.ts';
import {
	addSource,
	countSourceUses,
	editSource,
	findSource,
	listSourceRecords,
	lockSource,
	mergeSource,
	removeSource,
	type SourceRecord,
	useSource,
} from './actions.ts';
import { NewSourceForm, NewSourceQuery, SourceForm } from './forms.ts';
import { SOURCE_KINDS } from './tables.ts';

const kindsIn = (language: Language) =>
	SOURCE_KINDS.map((id) => ({ id, name: translate(language, 'source.kind', { kind: id }) }));

/** The words for where clients and deals come from, as an administrator sets them up. */
export function sourceRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;
	settingRoutes<SourceRecord>(app, {
		db,
		...{ path: '/admin/sources', access: 'catalogs', changes: 'source', title: 'sources.title' },
		...{ fragment: 'company/sources/_sources', root: 'sources-page' },
		find: async (sourceId, sql) => await findSource(sql, sourceId),
		fields: ({ name }) => ({ name }),
		lock: lockSource,
		async read({ viewer: { language } }) {
			return { sources: await listSourceRecords(db), kinds: kindsIn(language) };
		},
		async form(request, source) {
			const { kind = 'source' } = source ?? readQuery(NewSourceQuery, newQuery(request));
			const uses = source && (await countSourceUses(db, source));
			const data = { source, kind, kinds: kindsIn(request.viewer.language), uses };
			return {
				...{
					fragment: 'company/sources/_source-form',
					title: source ? 'source.edit' : 'source.new',
				},
				data,
			};
		},
		async add(request, sql) {
			const { kind, name } = readForm(NewSourceForm, request.body);
			const sourceId = await addSource(sql, acting(request), { kind, name });
			return settingSaved(name, { sourceId });
		},
		async edit(request, sourceId, body, sql) {
			const { version, name } = readForm(SourceForm, body);
			const now = await editSource(sql, acting(request), sourceId, version, { name });
			return settingSaved(name, { sourceId, version: now });
		},
		buttons: settingButtons({
			use: useSource,
			remove: removeSource,
		}),
		questions: {
			merger: {
				async form({ viewer: { language } }, sourceId) {
					const source = await findSource(db, sourceId);
					const others = (await listSourceRecords(db)).filter(
						({ id, kind }) => kind === source.kind && id !== sourceId,
					);
					const uses = await countSourceUses(db, source);
					const data = {
						...{ record: source, others, action: `/admin/sources/${sourceId}/merger` },
						uses: translate(language, 'setting.uses', uses),
					};
					return { fragment: 'shared/directory/_merger', title: 'setting.merge', data };
				},
				async submit(request, sourceId, sql) {
					const { version, intoId } = readForm(MergerForm, request.body);
					const told = await mergeSource(sql, acting(request), sourceId, version, intoId);
					return { toast: { key: 'toast.settingMerged', args: told }, json: told };
				},
			},
		},
	});
}

// A form that comes back says the kind itself.
function newQuery({ method, query }: { method: string; query: unknown }): unknown {
	return method === 'GET' ? query : {};
}
