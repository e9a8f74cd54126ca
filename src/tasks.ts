import * as board from '#src/features/deals/board/tasks.ts';
import * as reminders from '#src/features/interactions/reminders/tasks.ts';
import * as once from '#src/platform/idempotency/tasks.ts';
import * as calendar from './features/calendar/tasks.ts';
import * as clients from './features/clients/tasks.ts';
import * as erasure from './features/erasure/tasks.ts';
import * as imports from './features/imports/tasks.ts';
import * as interactions from './features/interactions/tasks.ts';
import * as mail from './features/mail/tasks.ts';
import type { Schedule, Tasks } from './platform/jobs/task.ts';

/** Everything that is done behind people's backs: name of the job → what does it. The worker's table of contents. */
export const tasks: Tasks = {
	...board.tasks,
	...calendar.tasks,
	...clients.tasks,
	...erasure.tasks,
	...imports.tasks,
	...interactions.tasks,
	...mail.tasks,
	...once.tasks,
	...reminders.tasks,
};

/** What is done by the clock, in UTC. */
export const schedule: Schedule = {
	...board.schedule,
	...calendar.schedule,
	...clients.schedule,
	...erasure.schedule,
	...imports.schedule,
	...interactions.schedule,
	...mail.schedule,
	...once.schedule,
	...reminders.schedule,
};
