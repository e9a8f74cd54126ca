import {
	checkClock,
	checkConnections,
	checkDatabase,
	checkDisk,
	checkKeeping,
	checkKey,
	checkListening,
	checkPooler,
	checkQueue,
	checkRights,
	checkSchema,
} from './database-checks.ts';
import { broken, type Check, type Finding, type Patient } from './finding.ts';
import {
	checkAddress,
	checkCalendar,
	checkClientSecret,
	checkDirectory,
	checkMail,
	checkSettings,
	checkSignIn,
} from './peer-checks.ts';

const CHECKS: Record<Check, (patient: Patient) => Promise<Finding>> = {
	settings: checkSettings,
	database: checkDatabase,
	schema: checkSchema,
	rights: checkRights,
	pooler: checkPooler,
	listening: checkListening,
	connections: checkConnections,
	clock: checkClock,
	key: checkKey,
	disk: checkDisk,
	queue: checkQueue,
	keeping: checkKeeping,
	signIn: checkSignIn,
	directory: checkDirectory,
	clientSecret: checkClientSecret,
	mail: checkMail,
	calendar: checkCalendar,
	address: checkAddress,
};

/** What asks other servers, with the program's own passwords. */
const AFAR: readonly Check[] = ['directory', 'clientSecret', 'mail', 'calendar', 'address'];

/**
 * Looks at everything that the program stands on, all at once; a check that itself fails is a finding too. `near`: what asks
 * no other server alone.
 */
export async function examine(
	patient: Patient,
	{ near = false }: { near?: boolean } = {},
): Promise<Finding[]> {
	const checks = (Object.keys(CHECKS) as Check[]).filter((one) => !near || !AFAR.includes(one));
	return await Promise.all(
		checks.map((check) => CHECKS[check](patient).catch((error: unknown) => broken(check, error))),
	);
}
