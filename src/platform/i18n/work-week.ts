/** A day on which the week does not hold: one that is free, or one that is worked instead of another. */
export type Exception = { name: string; working: boolean };

/** When the company works: days of the week (Monday is 1), minutes after midnight, and the days that differ. */
export type Workdays = {
	weekdays: readonly number[];
	from: number;
	until: number;
	days: Readonly<Record<string, Exception>>;
};

/** Monday to Friday, nine to six, no holidays: until the company has said otherwise. */
export const FIVE_DAYS: Workdays = { weekdays: [1, 2, 3, 4, 5], from: 540, until: 1080, days: {} };
