import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { acting, actorOf } from '#src/features/access/guard.ts';
import { answerChange } from '#src/features/deals/board/answer.ts';
import { findDealAround } from '#src/features/deals/deal/around.ts';
import { readProducts } from '#src/features/deals/deal/form-screens.ts';
import { DealParams, readLines, rowsIn } from '#src/features/deals/forms.ts';
import { findDeal, findDealToEdit } from '#src/features/deals/queries.ts';
import type { Connection, Sql, Tx } from '#src/platform/db/client.ts';
import { form, optional, readQuery, text } from '#src/platform/forms/readers.ts';
import { once } from '#src/platform/idempotency/keys.ts';
import { attempt, drawForm, type Problem } from '#src/platform/pages/dialog.ts';
import { mergeEdit } from '#src/platform/pages/three-way-merge.ts';
import { mergedTable } from './line-merging.ts';
import { setDealProducts, suggestProducts } from './products.ts';

const SIGNED_IN = { config: { access: 'signed-in' as const } };
const CHANGES_DEAL = { config: { access: 'signed-in' as const, changes: 'deal' as const } };
const idOf = (request: FastifyRequest) => readQuery(DealParams, request.params).id;
const SuggestQuery = form({ product: optional(text(300)), currency: optional(text(3)) });
const SUGGESTIONS = 10;

/** The products of a deal, and products of the directory while one types. */
export function dealProductRoutes(
	app: FastifyInstance,
	{ connection }: { connection: Connection },
): void {
	const { db } = connection;

	app.get(
		'/deals/:id/products',
		SIGNED_IN,
		async (request, reply) => await draw(request, reply, null),
	);

	async function draw(request: FastifyRequest, reply: FastifyReply, problem: Problem | null) {
		const typed = problem?.typed ?? {};
		const data = await readProducts(db, actorOf(request), idOf(request), request.viewer, {
			rows: rowsIn(typed),
			...{ typed, problem },
		});
		const view = { fragment: 'deals/products/_lines-form', title: 'deal.products', data } as const;
		return await drawForm(request, reply, view, problem);
	}

	app.post('/deals/:id/products', CHANGES_DEAL, async (request, reply) =>
		attempt(
			request,
			async () => {
				const read = readLines(request.body);
				const { more, returnTo } = read;
				const dealId = idOf(request);
				const by = acting(request);
				if (more) return await draw(request, reply, unsaved(request));
				const lock = async (tx: Tx) => await findDealToEdit(tx, by.actor, dealId);
				const edit = async (sql: Sql) => {
					const { title, stageId } = await findDeal(sql, by.actor, dealId);
					const now = await findDealAround(sql, by.actor, dealId);
					await setDealProducts(sql, by, dealId, mergedTable(read, now));
					const toast = { key: 'toast.dealSaved', args: { title } } as const;
					return { dealId, stageIds: [stageId], toast };
				};
				const change = await once(db, request, (sql) => mergeEdit(sql, request.body, lock, edit));
				return await answerChange(connection, request, reply, { ...change, returnTo });
			},
			async (problem) => await draw(request, reply, problem),
		),
	);

	app.get('/products/suggestions', SIGNED_IN, async (request, reply) => {
		const { product, currency = 'RUB' } = readQuery(SuggestQuery, request.query);
		const products = product
			? await suggestProducts(db, actorOf(request), product, currency, SUGGESTIONS)
			: [];
		return await reply.fragments('deals/deal/suggested', { products, currency });
	});
}

// More rows are no mistake: the form comes back as it was typed, with nothing to complain of.
function unsaved(request: FastifyRequest): Problem {
	const typed = Object.entries(request.body as Record<string, unknown>)
		.filter(([name]) => name !== 'more')
		.map(([name, value]) => [name, String(value)]);
	return {
		...{ status: 200, message: '', fields: {}, conflict: null },
		typed: Object.fromEntries(typed),
	};
}
