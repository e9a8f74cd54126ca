/** What has become of one side of an event since both sides were the same. */
export type Side = 'same' | 'changed' | 'gone';

/** What to do about an event that stands on both sides. */
export type Step =
	| 'nothing'
	| 'take'
	| 'cancel here'
	| 'send'
	| 'send again'
	| 'keep both'
	| 'keep theirs'
	| 'remove there'
	| 'forget';

const STEPS: Record<Side, Record<Side, Step>> = {
	same: { same: 'nothing', changed: 'take', gone: 'cancel here' },
	// What a person changed here is not lost because it was deleted there.
	changed: { same: 'send', changed: 'keep both', gone: 'send again' },
	gone: { same: 'remove there', changed: 'keep theirs', gone: 'forget' },
};

/** What to do, by what has become of the event here and there. */
export function stepFor(here: Side, there: Side): Step {
	return STEPS[here][there];
}
