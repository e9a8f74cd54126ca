import { type SQL, sql } from 'drizzle-orm';
import { type Actor, asEditor } from '#src/features/access/rights.ts';
import { countSteps, type DealAround, findDealAround } from '#src/features/deals/deal/around.ts';
import { dealFacts } from '#src/features/deals/deal/facts.ts';
import { dealsFound } from '#src/features/deals/list/search.ts';
import {
	checkEditable,
	type DealFrame,
	type DealView,
	findEditableDeal,
	readDealFrame,
} from '#src/features/deals/queries.ts';
import { dealVisibleTo } from '#src/features/deals/visibility.ts';
import { quantityWords } from '#src/features/products/lines.ts';
import type { Sql } from '#src/platform/db/client.ts';
import { formatDay, type Viewer } from '#src/platform/i18n/dates.ts';
import { formatMoney } from '#src/platform/i18n/money.ts';
import { type MessageKey, translate } from '#src/platform/i18n/translate.ts';
import type { Fact } from '#src/platform/pages/fields.ts';
import { MERGED_UNITS } from './plan.ts';

const CANDIDATES = 20;

/** A deal that another one can be merged with, as a line to choose. */
export type Candidate = {
	id: number;
	title: string;
	clientName: string | null;
	stageName: string;
	ownerName: string;
	amount: string | null;
	currency: string;
};

/**
 * What a deal can be merged with, of what the actor may change: the other deals of its client, or what a text
 * finds, those of the same client first. Throws NotFound, Forbidden, RuleBroken.
 */
export async function readCandidates(
	db: Sql,
	actor: Actor,
	dealId: number,
	q = '',
): Promise<{ deal: DealView; q: string; found: Candidate[] }> {
	const deal = await findEditableDeal(db, actor, dealId);
	if (q === '' && deal.clientId === null) return { deal, q, found: [] };
	const editor = asEditor(actor);
	const alive: SQL = sql`h.archived_at is null`;
	const among =
		q === ''
			? sql`d.client_id = ${deal.clientId} and d.archived_at is null`
			: sql`d.id in (select id from (${dealsFound(editor, editor.scope, q, alive)}) hits)`;
	const { rows } = await db.execute<Candidate>(sql`
		select d.id, d.title, c.name as "clientName", s.name as "stageName", p.name as "ownerName", d.amount, d.currency
		from deals d join stages s on s.id = d.stage_id join people p on p.id = d.owner_id
		left join clients c on c.id = d.client_id
		where ${among} and d.id <> ${dealId} and ${dealVisibleTo(editor)}
		order by d.client_id = ${deal.clientId} desc nulls last, d.closed_on is not null, d.id desc limit ${CANDIDATES}`);
	return { deal, q, found: rows };
}

export type MergeColumn = { id: number; title: string; createdAt: Date; steps: number };
/** One field in both deals; `chosen` is the deal whose value is suggested. */
export type MergeRow = {
	name: string;
	label: string;
	cells: { id: number; shown: string | null }[];
	chosen: number;
};

/** All that the form of a merge draws. */
export type MergeForm = {
	columns: MergeColumn[];
	/** Fields in which the deals differ, and those in which all that say something say the same. */
	differing: MergeRow[];
	agreed: { label: string; shown: string }[];
	/** What both have, which comes together: nothing to choose. */
	together: { label: string; cells: { id: number; shown: string | null }[] }[];
	survivorId: number;
	version: string;
};

/**
 * Reads the form of a merge: the fields side by side, the deal with the most steps as the one that is kept, of
 * an open one and a finished one the open. Throws NotFound, Forbidden, RuleBroken for what is in the archive.
 */
export async function readMergeForm(
	db: Sql,
	actor: Actor,
	ids: number[],
	viewer: Viewer,
): Promise<MergeForm> {
	const frame = await readDealFrame(db);
	const [read, counts] = await Promise.all([
		Promise.all(ids.map((id) => findDealAround(db, actor, id))),
		countSteps(db, ids),
	]);
	const deals = read.map((deal) => checkEditable(deal));
	const columns: MergeColumn[] = deals.map(({ id, title, createdAt }) => {
		return { id, title, createdAt, steps: counts.get(id) ?? 0 };
	});
	const finished = new Set(deals.filter(({ closedOn }) => closedOn !== null).map(({ id }) => id));
	const [first] = columns.toSorted(
		(a, b) =>
			Number(finished.has(a.id)) - Number(finished.has(b.id)) || b.steps - a.steps || a.id - b.id,
	);
	const survivorId = first?.id as number;
	const rows = rowsOf(deals, frame, survivorId, viewer);
	const agreed = rows.filter(agrees).flatMap(({ label, cells }) => {
		const shown = cells.find((cell) => cell.shown !== null)?.shown;
		return shown ? [{ label, shown }] : [];
	});
	return {
		...{ columns, agreed, survivorId, together: togetherOf(deals, viewer) },
		differing: rows.filter((row) => !agrees(row)),
		version: deals.map((deal) => `${deal.id}:${deal.version}`).join(','),
	};
}

/** What facts call otherwise, or do not tell. */
const FACT_OF: Record<string, string> = { clientId: 'clientName' };

function rowsOf(
	deals: DealAround[],
	frame: DealFrame,
	survivorId: number,
	viewer: Viewer,
): MergeRow[] {
	const told = deals.map((deal) => ({
		id: deal.id,
		facts: new Map(
			[...dealFacts(deal, frame, viewer), ...ownFacts(deal, frame, viewer)].map((fact) => [
				fact.name,
				fact,
			]),
		),
	}));
	const extra = frame.extraFields.map(({ id }) => `extra_${id}`);
	return [...MERGED_UNITS, ...extra].map((name) => {
		const of = FACT_OF[name] ?? name;
		const cells = told.map(({ id, facts }) => ({ id, shown: shownIn(facts.get(of)) }));
		const own = cells.find(({ id, shown }) => id === survivorId && shown !== null);
		const chosen = (own ?? cells.find(({ shown }) => shown !== null))?.id ?? survivorId;
		return { name, label: told[0]?.facts.get(of)?.label ?? name, cells, chosen };
	});
}

const shownIn = (fact: Fact | undefined) => (fact?.value ? fact.shown : null);

// What the page of a deal shows by itself: its state with its end, and its owner.
function ownFacts(deal: DealAround, frame: DealFrame, viewer: Viewer): Fact[] {
	const say = (key: MessageKey) => translate(viewer.language, key);
	const pipelines = frame.pipelines.length > 1 ? frame.pipelines : [];
	const state = [
		pipelines.find(({ id }) => id === deal.pipelineId)?.name,
		deal.stageName,
		deal.closedOn && formatDay(deal.closedOn, viewer),
		deal.lossReason,
	];
	const fact = (name: 'stageId' | 'ownerId', shown: string): Fact => {
		return { name, label: say(`label.${name}`), shown, value: shown };
	};
	return [fact('stageId', state.filter(Boolean).join(' · ')), fact('ownerId', deal.ownerName)];
}

// Only one has a value, or both have the same: there is nothing to choose.
const agrees = ({ cells }: MergeRow) =>
	new Set(cells.map(({ shown }) => shown).filter((shown) => shown !== null)).size < 2;

function togetherOf(deals: DealAround[], viewer: Viewer): MergeForm['together'] {
	const { language } = viewer;
	const line = ({ name, quantity, price }: DealAround['products'][number], currency: string) =>
		[
			name,
			`${quantityWords(quantity, language)}${price === null ? '' : ` × ${formatMoney(language, price, currency)}`}`,
		].join(', ');
	const parts: [MessageKey, (deal: DealAround) => string[]][] = [
		['deal.products', ({ products, currency }) => products.map((one) => line(one, currency))],
		['deal.collaborators', ({ collaborators }) => collaborators.map(({ name }) => name)],
		['label.tags', ({ tags }) => tags.map(({ name }) => name)],
	];
	return parts
		.map(([label, of]) => ({
			label: translate(language, label),
			cells: deals.map((deal) => ({ id: deal.id, shown: of(deal).join('; ') || null })),
		}))
		.filter(({ cells }) => cells.some(({ shown }) => shown !== null));
}
