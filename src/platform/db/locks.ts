/**
 * Advisory locks of the whole program, only ever taken for a transaction. One number each: two that
 * were equal would wait for each other without a reason.
 */
export const LOCKS = {
	migrate: 7_041_881,
	tallies: 7_041_882,
	imports: 7_041_883,
	clientTallies: 7_041_884,
	admissions: 7_041_885,
} as const;
