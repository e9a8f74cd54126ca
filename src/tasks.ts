import type { Feature } from './feature.ts';
import { features } from './features.ts';
import * as once from './platform/idempotency/tasks.ts';
import type { Schedule, Tasks } from './platform/jobs/task.ts';

/** Everything that is done behind people's backs: name of the job → what does it. */
export const tasksOf = (features: readonly Feature[]): Tasks =>
	Object.assign({}, once.tasks, ...features.map(({ tasks }) => tasks));

/** What is done by the clock, in UTC. */
export const scheduleOf = (features: readonly Feature[]): Schedule =>
	Object.assign({}, once.schedule, ...features.map(({ schedule }) => schedule));

/** The tasks and the clock of this program. */
export const [tasks, schedule] = [tasksOf(features), scheduleOf(features)];
