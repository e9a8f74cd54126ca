/** Whether faults last as long as they should once (`npm run faults -- --long`), or only long enough to be seen. */
export const LONG = process.env.FAULTS === 'long';

/** Says what a fault has cost; the suite stays quiet. */
export function tell(fault: string, figures: Record<string, string | number>): void {
	if (!process.env.FAULTS) return;
	const told = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
	process.stdout.write(`${fault}: ${told.join(', ')}\n`);
}
