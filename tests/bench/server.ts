/*
 * The measured application, in a process of its own. The parent asks over the channel of fork(): to
 * record what a request asks of the database, and to run that again without the application.
 */
import { buildApp } from '#src/app.ts';
import { readConfig } from '#src/config.ts';
import { connect } from '#src/platform/db/client.ts';
import { startWorker } from '#src/platform/jobs/worker.ts';
import { schedule, tasks } from '#src/tasks.ts';
import { CONNECTIONS, type Rate, rateOf } from './rate.ts';
import { recordStatements, replay, type Script, withParams } from './statements.ts';

/** A recorded move there and one back, and the deals to repeat them with. */
export type MoveScripts = {
	scripts: [Script, Script];
	recorded: { id: number; version: number };
	deals: { id: number; version: number; stageId: number }[];
};
export type Ask =
	| { ask: 'work' }
	| { ask: 'record' }
	| { ask: 'recorded'; name: string }
	| { ask: 'replay'; names: string[]; seconds: number }
	| {
			ask: 'replayMoves';
			names: [string, string];
			recorded: MoveScripts['recorded'];
			deals: MoveScripts['deals'];
			seconds: number;
	  };
export type Answer =
	| { script: Script }
	| { rate: Rate }
	| { port: number }
	| { error: string }
	| { done: true };

const config = readConfig(process.env);
const connection = connect(config.DATABASE_URL, config.DATABASE_POOL, 0, 'kept');
const recorder = recordStatements(connection.pool);
const recorded = new Map<string, Script>();

const app = await buildApp({ connection, config });
app.get('/hello', { config: { access: 'public' } }, async (_request, reply) =>
	reply.send({ hello: 'world' }),
);
await app.listen({ host: config.HOST, port: config.PORT });
const address = app.server.address();
tell({ port: typeof address === 'object' && address ? address.port : 0 });

process.on('message', (ask: Ask) => {
	obey(ask).then(tell, (error: unknown) => tell({ error: String(error) }));
});
process.once('disconnect', () => process.exit(0));

function tell(answer: Answer): void {
	process.send?.(answer);
}

const scriptOf = (name: string) => recorded.get(name) as Script;

async function obey(ask: Ask): Promise<Answer> {
	switch (ask.ask) {
		case 'work':
			startWorker({ url: config.DATABASE_URL as string, config, tasks, schedule, log: app.log });
			return { done: true };
		case 'record':
			recorder.start();
			return { done: true };
		case 'recorded': {
			const script = recorder.stop();
			recorded.set(ask.name, script);
			return { script: script.map((wave) => wave.map(forTheParent)) };
		}
		case 'replay': {
			const scripts = ask.names.map(scriptOf);
			return {
				rate: await inLoops(ask.seconds, (loop) => scripts[loop % scripts.length] as Script),
			};
		}
		case 'replayMoves': {
			const scripts = ask.names.map(scriptOf) as [Script, Script];
			return { rate: await inLoops(ask.seconds, movesOf({ ...ask, scripts })) };
		}
	}
}

// Result parsers are functions and stay here.
function forTheParent(statement: Script[number][number]): Script[number][number] {
	return { ...statement, query: { text: statement.query.text } };
}

function movesOf({
	scripts,
	recorded,
	deals,
}: MoveScripts): (loop: number, turn: number) => Script {
	const turns = new Map<object, number>();
	return (loop, turn) => {
		const own = deals.filter((_, index) => index % CONNECTIONS === loop);
		const deal = own[turn % own.length] as MoveScripts['deals'][number];
		const before = turns.get(deal) ?? 0;
		turns.set(deal, before + 1);
		const way = before % 2;
		const swap = new Map([
			[recorded.id, deal.id],
			[recorded.version + way, deal.version + before],
		]);
		return withParams(scripts[way] as Script, swap);
	};
}

/*
 * Why the comparison is fair: the same process and pool, the same statements with the same parameters
 * and parsers, waiting for each other where the request waited, as many at once as the load generator
 * has connections, and a turn of the event loop between two, as there is between two requests. What is
 * left out is all that the application adds: HTTP, building SQL, drawing, compressing; and the load
 * generator itself, whose share of the processors counts against the page.
 */
async function inLoops(
	seconds: number,
	scriptAt: (loop: number, turn: number) => Script,
): Promise<Rate> {
	const tookMs: number[] = [];
	const from = performance.now();
	const until = from + seconds * 1000;
	await Promise.all(
		Array.from({ length: CONNECTIONS }, async (_, loop) => {
			for (let turn = 0; performance.now() < until; turn += 1) {
				const began = performance.now();
				await replay(connection.pool, scriptAt(loop, turn));
				tookMs.push(performance.now() - began);
				await new Promise(setImmediate);
			}
		}),
	);
	return rateOf(tookMs, performance.now() - from);
}
