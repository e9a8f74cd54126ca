/*
 * Whether an answer is ours: decided here for every request that a script makes, of htmx and by hand. A portal
 * whose session has ended, or a proxy, may answer in our place; what it says is as good as no answer.
 */
const MARK = 'X-Moi-Prodazhi';

/** Why there was no answer, or none that can be worked with: see `ask` and `reach`. */
class Unanswered extends Error {
	constructor(why) {
		super(`unanswered: ${why}`);
		this.why = why;
	}
}

/** Why something failed: `left` the portal, `broken` on the way, `offline`, `out`, `refused`, `fault`; or null. */
export const whyOf = (error) => error?.why ?? null;

// Other faults of a proxy say nothing about who one is.
const wantsSignIn = ({ type, status }) =>
	type === 'opaqueredirect' || status < 400 || [401, 403, 407, 511].includes(status);

const heard = (why) => document.dispatchEvent(new CustomEvent('answered', { detail: why }));

function fail(why) {
	heard(why);
	throw new Unanswered(why);
}

/** Fetches an answer of ours, whatever it says. Throws where there is none: `offline`, `left`, `broken`. */
export async function ask(address, how) {
	// A redirect is never ours: answers to scripts say in a header where to go.
	const answer = await fetch(address, { ...how, redirect: 'manual' }).catch((error) => {
		if (error.name === 'AbortError') throw error;
		return fail('offline');
	});
	if (!answer.headers.has(MARK)) fail(wantsSignIn(answer) ? 'left' : 'broken');
	heard(null);
	return answer;
}

/** Fetches by hand: an answer of ours that brings what was asked for. Throws besides: `out`, `refused`, `fault`. */
export async function reach(address, how) {
	const answer = await ask(address, how);
	if (answer.ok) return answer;
	throw new Unanswered(answer.status === 401 ? 'out' : answer.status < 500 ? 'refused' : 'fault');
}

/** How htmx's request ended: `done`, `refused` with the screen drawn anew, `fault`; null without an answer of ours. */
export function outcomeOf({ detail }) {
	const { response, status: how } = detail.ctx ?? {};
	const status = response?.status;
	// An answer that broke off half-way is none.
	if (!status || how.startsWith('error')) return null;
	if (status < 400) return 'done';
	return status === 409 || status === 422 ? 'refused' : 'fault';
}

document.addEventListener('htmx:config:request', ({ detail }) => {
	detail.ctx.fetch ??= ask;
});

// Back to a page that something else answers for: the browser asks for it itself, and is shown what there is.
document.addEventListener('htmx:error', ({ detail }) => {
	if (detail.ctx?.request.headers['HX-History-Restore-Request'] && whyOf(detail.error))
		location.reload();
});
