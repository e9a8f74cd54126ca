import { type Static, type TObject, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Config } from '#src/config.ts';
import type { Connection } from '#src/platform/db/client.ts';

/** What a job has at hand. `signal` goes off when the program wants to end: long jobs look at it. */
export type TaskSetting = {
	connection: Connection;
	config: Config;
	now: () => Date;
	signal: AbortSignal;
};

/** What does the jobs of one name, such as `mail.deliver`. A job may run twice: after a crash it is taken over. */
export type Task = (payload: unknown, setting: TaskSetting) => Promise<void>;

/** Tasks by name: `tasks` of every feature's tasks.ts, gathered by src/tasks.ts. */
export type Tasks = Record<string, Task>;

/** Which tasks run by the clock: name → five cron fields, in UTC. Their payload is empty. */
export type Schedule = Record<string, string>;

/** A job that no trying again would do: it is given up at once, and stays in the queue's table to be looked at. */
export class HopelessJob extends Error {}

/**
 * A task with the shape of its payload; what a job carries is checked against it before `run` sees it.
 * The task throws HopelessJob for a payload of another shape. Whatever else it throws is tried again.
 */
export function task<T extends TObject>(
	shape: T,
	run: (payload: Static<T>, setting: TaskSetting) => Promise<void>,
): Task {
	return async (payload, setting) => {
		if (!Value.Check(shape, payload))
			throw new HopelessJob('the payload is not of the shape that its task takes');
		await run(payload, setting);
	};
}

/** The shape of a payload that carries nothing, as of a task that runs by the clock. */
export const NOTHING = Type.Object({});
