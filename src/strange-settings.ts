import { SETTINGS } from './config.ts';

/** The beginnings and ends that only settings of this program have. */
const OURS =
	/^(BREAK_GLASS|CALDAV|DATABASE|DEMO|KEEP|LINK_BY|MAIL|METRICS|NEW_PEOPLE|OIDC|PROXY_SECRET|PUBLIC_URL|REALM|SECRET_KEY|SESSION|SMTP|STATEMENT|TRUSTED)(_|$)|_HEADER$/;
/** What containers and their links put into every environment under the same beginnings. */
const OTHERS = /_(SERVICE_(HOST|PORT.*)|PORT(_\d+_(TCP|UDP).*)?|NAME|ENV_.*)$/;
const LEAST_LETTERS = 4;

/** A line for each name that looks like a setting of ours and is none. */
export function strangeSettings(env: Record<string, string | undefined>): string[] {
	return strangeNames(env).map(
		({ told, near }) => `Внимание: настройки ${told} нет, она ничего не значит; есть ${near}`,
	);
}

/**
 * The names themselves, each with the known one that is nearest: one that a slip of a finger keeps from being read must not
 * pass for one that was left out.
 */
export function strangeNames(
	env: Record<string, string | undefined>,
): { told: string; near: string }[] {
	const known = Object.keys(SETTINGS);
	return Object.keys(env)
		.toSorted()
		.flatMap((told) => {
			const name = told.toUpperCase().replace(/_FILE$/, '');
			if (known.includes(told.replace(/_FILE$/, '')) || OTHERS.test(name)) return [];
			const near = nearest(name, known);
			const close = near.steps <= (name.length > LEAST_LETTERS + 1 ? 2 : 1);
			if (!OURS.test(name) && !(close && name.length >= LEAST_LETTERS)) return [];
			return [{ told, near: near.name }];
		});
}

function nearest(name: string, known: readonly string[]): { name: string; steps: number } {
	return known
		.map((one) => ({ name: one, steps: stepsBetween(name, one) }))
		.reduce((best, one) => (one.steps < best.steps ? one : best));
}

/** How many letters to put in, leave out, change or swap with the next make one name of another. */
function stepsBetween(one: string, other: string): number {
	const rows = [Array.from({ length: other.length + 1 }, (_, at) => at)];
	for (let i = 1; i <= one.length; i++) {
		const row = [i];
		for (let j = 1; j <= other.length; j++) {
			const above = rows[i - 1] as number[];
			const same = one[i - 1] === other[j - 1];
			const steps = [above[j], row[j - 1], above[j - 1]] as [number, number, number];
			let least = Math.min(steps[0] + 1, steps[1] + 1, steps[2] + (same ? 0 : 1));
			if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1])
				least = Math.min(least, (rows[i - 2]?.[j - 2] as number) + 1);
			row.push(least);
		}
		rows.push(row);
	}
	return rows[one.length]?.[other.length] as number;
}
