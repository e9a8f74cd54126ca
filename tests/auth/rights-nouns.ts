import { bulkRules } from './rights-bulk.ts';
import { calendarRules } from './rights-calendar.ts';
import { catalogRules } from './rights-catalogs.ts';
import { clientRules } from './rights-client.ts';
import { dealRules } from './rights-deals.ts';
import { importRules } from './rights-imports.ts';
import { kindRules } from './rights-kinds.ts';
import { clientListRules } from './rights-lists.ts';
import { liveRules } from './rights-live.ts';
import { mailRules } from './rights-mail.ts';
import { mergeRules } from './rights-merging.ts';
import { peopleRules } from './rights-people.ts';
import type { Rules, Tools } from './rights-rules.ts';
import { sessionRules } from './rights-sessions.ts';
import { stepRules } from './rights-steps.ts';

/** What each noun says of its own routes. */
export const rulesOfNouns = (tools: Tools): Rules[] => [
	dealRules(tools),
	bulkRules(tools),
	mailRules(tools),
	peopleRules(tools),
	clientRules(tools),
	clientListRules(),
	mergeRules(tools),
	calendarRules(tools),
	catalogRules(tools),
	importRules(),
	kindRules(tools),
	stepRules(tools),
	liveRules(),
	sessionRules(tools),
];
