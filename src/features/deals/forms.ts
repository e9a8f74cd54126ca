import {
	checked,
	day,
	form,
	id,
	money,
	oneOf,
	optional,
	quantity,
	text,
	time,
	version,
	whole,
	words,
} from '#src/platform/web/forms.ts';
import { TIMELINE_PARTS } from './timeline.ts';

/** A record's id in an address. */
export const DealParams = form({ id: id() });

/**
 * A move to any state, with what a final one asks for (reason, comment, amount, day) and with what an open
 * one may demand. Extra fields come beside it.
 */
export const MoveForm = form({
	stageId: id(),
	version: version(),
	lossReasonId: optional(id()),
	comment: optional(text(2000)),
	amount: optional(money()),
	closedOn: optional(day()),
	expectedCloseOn: optional(day()),
	clientName: optional(text(300)),
	source: optional(text(200)),
	probability: optional(whole(0, 100)),
	product: optional(text(300)),
	quantity: optional(quantity()),
	price: optional(money()),
	contactName: optional(text(300)),
	contactPhone: optional(text(100)),
	returnTo: optional(text(500)),
});

/** The question before a final state. */
export const ClosureQuery = form({ stageId: id(), returnTo: optional(text(500)) });

/**
 * The facts of a deal. The client is told by name: known, or new. `was`: what the fields said when the
 * form was drawn, as JSON, so that a conflict can tell what the person has touched.
 */
export const EditForm = form({
	version: version(),
	title: text(300),
	clientName: optional(text(300)),
	amount: optional(money()),
	expectedCloseOn: optional(day()),
	probability: optional(whole(0, 100)),
	source: optional(text(200)),
	campaign: optional(text(200)),
	note: optional(text(4000)),
	tags: optional(words(20, 60)),
	was: optional(text(20_000)),
	returnTo: optional(text(500)),
});

/** Another owner for a deal. */
export const OwnerForm = form({
	version: version(),
	ownerId: id(),
	note: optional(text(2000)),
	returnTo: optional(text(500)),
});

/** Somebody who helps with a deal. */
export const CollaboratorForm = form({
	version: version(),
	personId: id(),
	returnTo: optional(text(500)),
});

/** What was said of a deal: a note, or in words an interaction of a kind, done now or planned. */
export const EntryForm = form({
	kindId: text(15),
	text: optional(text(4000)),
	plannedDay: optional(day()),
	plannedTime: optional(time()),
	plan: optional(checked()),
	returnTo: optional(text(500)),
});

/** What of a deal's history is looked at, and where the page before ended. */
export const HistoryQuery = form({
	part: optional(oneOf(...TIMELINE_PARTS)),
	after: optional(text(200)),
});
