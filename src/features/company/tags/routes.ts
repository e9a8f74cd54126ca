import type { FastifyInstance } from 'fastify';
import {
	settingButtons,
	settingRoutes,
	settingSaved,
} from '#src/features/access/directory/doors.ts';
import { MergerForm } from '#src/features/access/directory/forms.ts';
import { acting } from '#src/features/access/guard.ts';
import type { Connection } from '#src/platform/db/client.ts';
import { readForm } from '#src/platform/forms/readers.ts';
import { translate } from '#src/platform/i18n/translate.ts';
import { COLOURS } from '#src/platform/pages/colours.ts';
import {
	addTag,
	editTag,
	findTag,
	listTagRecords,
	lockTag,
	mergeTag,
	removeTag,
	type TagRecord,
} from './actions.ts';
import { NewTagForm, TagForm } from './forms.ts';

/** The tags of clients and deals, as an administrator sets them up. */
export function tagRoutes(app: FastifyInstance, { connection }: { connection: Connection }): void {
	const { db } = connection;
	settingRoutes<TagRecord>(app, {
		db,
		...{ path: '/admin/tags', access: 'catalogs', changes: 'tag', title: 'tags.title' },
		...{ fragment: 'company/tags/_tags', root: 'tags-page' },
		find: async (tagId, sql) => await findTag(sql, tagId),
		fields: ({ name, colour }) => ({ name, colour }),
		lock: lockTag,
		read: async () => ({ tags: await listTagRecords(db) }),
		async form(_request, tag) {
			const data = { tag, colours: COLOURS };
			return { fragment: 'company/tags/_tag-form', title: tag ? 'tag.edit' : 'tag.new', data };
		},
		async add(request, sql) {
			const { name, colour = 'grey' } = readForm(NewTagForm, request.body);
			return settingSaved(name, { tagId: await addTag(sql, acting(request), { name, colour }) });
		},
		async edit(request, tagId, body, sql) {
			const { version, name, colour = 'grey' } = readForm(TagForm, body);
			const now = await editTag(sql, acting(request), tagId, version, { name, colour });
			return settingSaved(name, { tagId, version: now });
		},
		buttons: settingButtons({ remove: removeTag }),
		questions: {
			merger: {
				async form({ viewer: { language } }, tagId) {
					const tag = await findTag(db, tagId);
					const others = (await listTagRecords(db)).filter(({ id }) => id !== tagId);
					const data = {
						...{ record: tag, others, action: `/admin/tags/${tagId}/merger` },
						uses: translate(language, 'setting.uses', { deals: tag.deals, clients: tag.clients }),
					};
					return { fragment: 'shared/directory/_merger', title: 'setting.merge', data };
				},
				async submit(request, tagId, sql) {
					const { version, intoId } = readForm(MergerForm, request.body);
					const told = await mergeTag(sql, acting(request), tagId, version, intoId);
					return { toast: { key: 'toast.settingMerged', args: told }, json: told };
				},
			},
		},
	});
}
