import { day, form, id, money, optional, text, version, whole } from '#src/platform/web/forms.ts';

/** A record's id in an address. */
export const DealParams = form({ id: id() });

/** A move to any state; the last four belong to a final one. */
export const MoveForm = form({
	stageId: id(),
	version: version(),
	lossReasonId: optional(id()),
	comment: optional(text(2000)),
	amount: optional(money()),
	closedOn: optional(day()),
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
	was: optional(text(8000)),
	returnTo: optional(text(500)),
});

/** Another owner for a deal. */
export const OwnerForm = form({
	version: version(),
	ownerId: id(),
	returnTo: optional(text(500)),
});

/** The list of deals: one state's. */
export const DealsQuery = form({
	owner: optional(text(20)),
	q: optional(text(200)),
	stage: optional(id()),
	month: optional(text(7)),
	after: optional(text(40)),
});
