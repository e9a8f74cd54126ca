import type { Tx } from '#src/platform/db/client.ts';
import { mayBeStored } from '#src/platform/db/faults.ts';
import { Conflict, InvalidForm, NotFound, Told } from '#src/platform/errors.ts';
import { formatMoment, type Viewer } from '#src/platform/i18n/dates.ts';
import { type MessageKey, translate } from '#src/platform/i18n/translate.ts';
import type { Each } from '#src/platform/idempotency/keys.ts';

/** What became of one of many: `same` had it already, `changed` is somebody else's change meanwhile. */
export type Verdict = {
	id: number;
	title: string;
	/** What tells it from others of its title. */
	beside: string | null;
	/** Its own page; null where the actor sees none. */
	href: string | null;
	status: 'done' | 'same' | 'refused' | 'changed' | 'absent' | 'failed';
	/** Why not, in the reader's language; null where it was done. */
	why: string | null;
};

export type BulkResult = {
	verdicts: Verdict[];
	done: number;
	/** What takes it back, as the form of the undo wants it; null where nothing does. */
	back: Record<string, string> | null;
	/** Errors that are nobody's fault here: for the log. */
	errors: unknown[];
};

/** `kept`: what is to be remembered once the record's transaction holds. */
export type Done = { same?: boolean; back?: string | null; kept?: () => void };
export type Work<One> = (tx: Tx, one: One) => Promise<Done>;

/** What verdicts say of the records that the actor sees, and of one that they do not. */
export type Naming = {
	named: Map<number, Pick<Verdict, 'title' | 'beside' | 'href'>>;
	absent: MessageKey;
};

/**
 * Does one thing with many records, each in a transaction of its own (`each`), one after the other. What one of them
 * refuses does not keep the others back. `back` joins what takes each of them back.
 */
export async function eachOf<One extends { id: number }>(
	each: Each,
	viewer: Viewer,
	{ named, absent }: Naming,
	chosen: One[],
	work: Work<One>,
): Promise<Omit<BulkResult, 'back'> & { back: string | null }> {
	const verdicts: Verdict[] = [];
	const errors: unknown[] = [];
	const back: string[] = [];
	for (const one of chosen) {
		const { id } = one;
		const said = { id, ...(named.get(id) ?? { title: `№ ${id}`, beside: null, href: null }) };
		try {
			let kept: Done['kept'];
			const done = await each(id, async (tx) => {
				const { kept: then, ...told } = await work(tx, one);
				kept = then;
				return told;
			});
			kept?.();
			if (done.back) back.push(done.back);
			const status = done.same ? 'same' : 'done';
			const why = done.same ? translate(viewer.language, 'bulk.same') : null;
			verdicts.push({ ...said, status, why });
		} catch (error) {
			if (!(error instanceof Told)) errors.push(error);
			verdicts.push({ ...said, ...refusalOf(error, viewer, absent) });
		}
	}
	const done = verdicts.filter(({ status }) => status === 'done').length;
	return { verdicts, done, errors, back: back.length > 0 ? back.join(',') : null };
}

function refusalOf(
	error: unknown,
	viewer: Viewer,
	absent: MessageKey,
): Pick<Verdict, 'status' | 'why'> {
	const { language } = viewer;
	if (error instanceof Conflict) {
		const { by, at } = error.current;
		const who = translate(language, 'conflict.who', { by: by ?? 'none' });
		return { status: 'changed', why: at ? `${who} ${formatMoment(at, viewer, true)}` : who };
	}
	if (error instanceof NotFound) return { status: 'absent', why: translate(language, absent) };
	// A form that has a sentence of its own says it; of others each field does.
	if (error instanceof InvalidForm && error.key === 'error.invalidForm') {
		const why = Object.values(error.fields).map(({ key, args }) => translate(language, key, args));
		return { status: 'refused', why: why.join('; ') };
	}
	if (error instanceof Told)
		return { status: 'refused', why: translate(language, error.key, error.args) };
	return {
		status: 'failed',
		why: translate(language, mayBeStored(error) ? 'bulk.maybeStored' : 'bulk.failed'),
	};
}
