import type { MessageKey } from '#src/platform/i18n/translate.ts';
import type { Check } from './finding.ts';

/** What a check is called, and what is said of it in each state; `off` where it can be left unset. */
export type CheckWords = { name: MessageKey; good: MessageKey; bad: MessageKey; off?: MessageKey };

/** In the order in which they are told. */
export const CHECK_WORDS: Record<Check, CheckWords> = {
	settings: { name: 'doctor.settings', good: 'doctor.settingsGood', bad: 'doctor.settingsBad' },
	database: { name: 'doctor.database', good: 'doctor.databaseGood', bad: 'doctor.databaseBad' },
	schema: { name: 'doctor.schema', good: 'doctor.schemaGood', bad: 'doctor.schemaBad' },
	rights: { name: 'doctor.rights', good: 'doctor.rightsGood', bad: 'doctor.rightsBad' },
	pooler: {
		name: 'doctor.pooler',
		good: 'doctor.poolerGood',
		bad: 'doctor.poolerBad',
		off: 'doctor.poolerOff',
	},
	listening: { name: 'doctor.listening', good: 'doctor.listeningGood', bad: 'doctor.listeningBad' },
	connections: {
		name: 'doctor.connections',
		good: 'doctor.connectionsGood',
		bad: 'doctor.connectionsBad',
	},
	clock: { name: 'doctor.clock', good: 'doctor.clockGood', bad: 'doctor.clockBad' },
	key: { name: 'doctor.key', good: 'doctor.keyGood', bad: 'doctor.keyBad', off: 'doctor.keyOff' },
	disk: { name: 'doctor.disk', good: 'doctor.diskGood', bad: 'doctor.diskBad' },
	queue: { name: 'doctor.queue', good: 'doctor.queueGood', bad: 'doctor.queueBad' },
	keeping: { name: 'doctor.keeping', good: 'doctor.keepingGood', bad: 'doctor.keepingBad' },
	signIn: { name: 'doctor.signIn', good: 'doctor.signInGood', bad: 'doctor.signInBad' },
	directory: {
		name: 'doctor.directory',
		good: 'doctor.directoryGood',
		bad: 'doctor.directoryBad',
		off: 'doctor.directoryOff',
	},
	clientSecret: {
		name: 'doctor.clientSecret',
		good: 'doctor.clientSecretGood',
		bad: 'doctor.clientSecretBad',
		off: 'doctor.clientSecretOff',
	},
	mail: {
		name: 'doctor.mail',
		good: 'doctor.mailGood',
		bad: 'doctor.mailBad',
		off: 'doctor.mailOff',
	},
	calendar: {
		name: 'doctor.calendar',
		good: 'doctor.calendarGood',
		bad: 'doctor.calendarBad',
		off: 'doctor.calendarOff',
	},
	address: {
		name: 'doctor.address',
		good: 'doctor.addressGood',
		bad: 'doctor.addressBad',
		off: 'doctor.addressOff',
	},
};
