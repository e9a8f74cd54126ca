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

/** Looks at everything that the program stands on, all at once; a check that itself fails is a finding too. */
export async function examine(patient: Patient): Promise<Finding[]> {
	return await Promise.all(
		(Object.keys(CHECKS) as Check[]).map((check) =>
			CHECKS[check](patient).catch((error: unknown) => broken(check, error)),
		),
	);
}
