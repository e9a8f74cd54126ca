import { extraFacts } from '#src/features/company/extra-fields/extra-fields.ts';
import { tagText } from '#src/features/company/tags/tags.ts';
import type { DealFrame, DealView } from '#src/features/deals/queries.ts';
import { formatDay, type Viewer } from '#src/platform/i18n/dates.ts';
import { currencySymbol, formatMoney, moneyForInput } from '#src/platform/i18n/money.ts';
import { type MessageArgs, type MessageKey, translate } from '#src/platform/i18n/translate.ts';
import type { Fact } from '#src/platform/pages/fields.ts';

/** The address that the client of a deal leads to, where the actor knows the client. */
type Links = { clientKnown?: boolean };

/**
 * All that people fill in of a deal, as facts of its page and of its forms; `frame` says what the company
 * has set up and what fields suggest.
 */
export function dealFacts(deal: DealView & Links, frame: DealFrame, viewer: Viewer): Fact[] {
	const facts = factsOf(deal, frame, viewer);
	return deal.editable ? facts : facts.map((fact) => ({ ...fact, fixed: true }));
}

function factsOf(deal: DealView & Links, frame: DealFrame, viewer: Viewer): Fact[] {
	const { language } = viewer;
	const say = (key: MessageKey, args?: MessageArgs) => translate(language, key, args);
	const suggested = (list: { name: string }[]) => list.map(({ name }) => name);
	const label = (name: 'source' | 'campaign' | 'note' | 'tags') => ({
		name,
		label: say(`label.${name}`),
	});
	return [
		{
			name: 'title',
			label: say('label.title'),
			...{ shown: deal.title, value: deal.title, max: 300, required: true },
		},
		{
			name: 'clientName',
			label: say('label.clientName'),
			...{ shown: deal.clientName, value: deal.clientName ?? '', max: 300, list: 'client-names' },
			...(deal.clientKnown ? { href: `/clients/${deal.clientId}` } : {}),
		},
		amountFact(deal, viewer),
		{
			name: 'expectedCloseOn',
			label: say('label.expectedCloseOn'),
			shown: deal.expectedCloseOn && formatDay(deal.expectedCloseOn, viewer),
			value: deal.expectedCloseOn ?? '',
			kind: 'date',
		},
		{
			name: 'probability',
			label: say('label.probability'),
			shown:
				deal.probability === null
					? say('deal.probabilityByStage', { n: deal.stageProbability })
					: String(deal.probability),
			value: deal.probability === null ? '' : String(deal.probability),
			mode: 'numeric',
			hint: say('deal.probabilityHint', { n: deal.stageProbability }),
		},
		{
			...label('source'),
			...{ shown: deal.source, value: deal.source ?? '', max: 200 },
			suggestions: suggested(frame.sources),
		},
		{
			...label('campaign'),
			...{ shown: deal.campaign, value: deal.campaign ?? '', max: 200 },
			suggestions: suggested(frame.campaigns),
		},
		{
			...label('tags'),
			shown: deal.tags.length > 0 ? tagText(deal.tags) : null,
			value: tagText(deal.tags),
			chips: suggested(deal.tags),
			many: true,
			hint: say('tag.hint'),
			suggestions: suggested(frame.tags),
		},
		{
			...label('note'),
			...{ shown: deal.note, value: deal.note ?? '', kind: 'area', max: 4000 },
		},
		...extraFacts(frame.extraFields, deal.extra, viewer),
	];
}

function amountFact(deal: DealView, { language }: Viewer): Fact {
	const say = (key: MessageKey, args?: MessageArgs) => translate(language, key, args);
	const { amount, currency } = deal;
	const shown = amount === null ? null : formatMoney(language, amount, currency);
	return {
		name: 'amount',
		label:
			currency === 'RUB'
				? say('label.amount')
				: say('label.amountIn', { currency: currencySymbol(language, currency) }),
		shown: deal.amountFromProducts ? say('deal.amountByProducts', { amount: shown ?? '—' }) : shown,
		value: moneyForInput(language, amount),
		mode: 'decimal',
		...(deal.amountFromProducts ? { fixed: true } : {}),
	};
}
