import { StepFields } from '#src/features/interactions/forms.ts';
import { day, form, id, oneOf, optional, text, time } from '#src/platform/forms/readers.ts';
import { ANSWERS } from './tables.ts';

/** The longest calendar file that is taken in, in bytes. */
export const MAX_ICS = 200 * 1024;

/** Which slot of the calendar is planned in. */
export const SlotQuery = form({
	day: optional(day()),
	time: optional(time()),
	owner: optional(id()),
});
/** Whose open deals are asked for. */
export const DealsQuery = form({ clientName: optional(text(300)) });

/** A step planned in a slot of the calendar. */
export const SlotForm = form({
	clientName: text(300),
	dealId: optional(text(20)),
	...StepFields,
	returnTo: optional(text(500)),
});

/** An event of a calendar file that is to become an interaction. */
export const IntakeForm = form({
	ics: text(MAX_ICS),
	uid: text(1_000),
	occurrence: optional(text(40)),
	target: optional(text(40)),
	clientName: optional(text(300)),
	kindId: id(),
});

/** How the company's calendar server is entered. */
export const AccountForm = form({ login: text(200), password: text(500) });

/** What is answered to a round that would take away a great deal. */
export const AnswerForm = form({ answer: oneOf(...ANSWERS) });
export const RoundParams = form({ id: id() });
