import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { BadRequest } from '#src/platform/errors.ts';
import { form, id, oneOf, optional, text } from '#src/platform/forms/readers.ts';
import { MOST_CARDS } from './import.ts';
import type { Card } from './reading.ts';

/** An upload at most, in bytes. */
export const MOST_CARD_BYTES = 1024 * 1024;
/** The cards of a file as the page of their verdicts sends them back, in bytes. */
export const MOST_CARD_FORM_BYTES = 6 * MOST_CARD_BYTES;

const line = Type.Union([Type.String({ maxLength: 2000 }), Type.Null()]);
const points = Type.Array(Type.String({ maxLength: 2000 }), { maxItems: 10 });
const CARDS = Type.Array(
	Type.Object(
		{
			name: line,
			org: line,
			position: line,
			phones: points,
			emails: points,
			bornOn: Type.Union([Type.String({ pattern: '^(19|20)\\d\\d-\\d\\d-\\d\\d$' }), Type.Null()]),
			website: line,
			address: line,
			note: Type.Union([Type.String({ maxLength: 50_000 }), Type.Null()]),
		},
		{ additionalProperties: false },
	),
	{ maxItems: MOST_CARDS },
);

/** The cards that were looked at, as JSON, and which of them are wanted: as `new` or, knowingly, as `known` ones. */
export const TakeForm = form({
	cards: text(MOST_CARD_FORM_BYTES),
	...Object.fromEntries(
		Array.from({ length: MOST_CARDS }, (_, n) => [`take_${n}`, optional(oneOf('new', 'known'))]),
	),
});

/** The cards of such a form that are wanted. Throws BadRequest for what our page would not send. */
export function wantedCards(
	part: { cards: string } & Record<string, unknown>,
): { card: Card; asKnown: boolean }[] {
	const cards = parsed(part.cards);
	return cards.flatMap((card, n) => {
		const take = part[`take_${n}`];
		return take === undefined ? [] : [{ card, asKnown: take === 'known' }];
	});
}

function parsed(json: string): Card[] {
	const bad = () => new BadRequest('error.badRequest', { what: 'cards' });
	let cards: unknown;
	try {
		cards = JSON.parse(json);
	} catch {
		throw bad();
	}
	if (!Value.Check(CARDS, cards) || JSON.stringify(cards).includes('\\u0000')) throw bad();
	return cards;
}

export const CardParams = form({ id: id() });
