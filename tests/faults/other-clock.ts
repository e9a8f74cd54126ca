/*
 * Preloaded into a process of the program (`node --import`): its clock is wrong by CLOCK_AHEAD_MS for as long as it runs.
 */
const ahead = Number(process.env.CLOCK_AHEAD_MS);
const Right = Date;

class OtherDate extends Right {
	constructor(...given: unknown[]) {
		super(...((given.length > 0 ? given : [OtherDate.now()]) as [number]));
	}

	static override now(): number {
		return Right.now() + ahead;
	}
}

globalThis.Date = OtherDate as DateConstructor;
