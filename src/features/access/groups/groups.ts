/** A line of the table of groups: who belongs to a group that fits gets this role, this team, or both. */
export type GroupMapping = { pattern: string; role: string | null; teamId: number | null };

/** What the groups of a person give them. */
export type Given = { role: string | null; teamId: number | null };

/**
 * What the groups give: the first line that fits and gives a role gives it, and so with the team. A head
 * without any team would lead nobody: without one, of the person's own or given here, that line is passed over.
 */
export function givenBy(
	mappings: readonly GroupMapping[],
	groups: readonly string[],
	ownTeamId: number | null,
): Given {
	const fitting = mappings.filter(({ pattern }) => groups.some((group) => fits(pattern, group)));
	const teamId = fitting.find((one) => one.teamId !== null)?.teamId ?? null;
	const hasTeam = (teamId ?? ownTeamId) !== null;
	const role = fitting.find((one) => one.role !== null && (one.role !== 'head' || hasTeam))?.role;
	return { role: role ?? null, teamId };
}

/** Whether a name fits a pattern where `*` stands for any letters; without regard to case, as directories compare. */
export function fits(pattern: string, name: string): boolean {
	const [wanted, told] = [pattern.toLowerCase(), name.toLowerCase()];
	// Step by step with one way back, so that no pattern takes longer than its length times the name's.
	let [at, from, star, tried] = [0, 0, -1, 0];
	while (from < told.length) {
		if (wanted[at] === '*') [star, tried, at] = [at, from, at + 1];
		else if (at < wanted.length && wanted[at] === told[from]) [at, from] = [at + 1, from + 1];
		else if (star >= 0) [tried, from, at] = [tried + 1, tried + 1, star + 1];
		else return false;
	}
	while (wanted[at] === '*') at += 1;
	return at === wanted.length;
}
