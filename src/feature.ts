import type { SQL } from 'drizzle-orm';
import type { FastifyInstance } from 'fastify';
import type { Config } from './config.ts';
import type { Events, Noun } from './events.ts';
import type { Permission } from './features/access/tables.ts';
import type { Connection } from './platform/db/client.ts';
import type { MessageKey } from './platform/i18n/translate.ts';
import type { Schedule, Tasks } from './platform/jobs/task.ts';
import type { Page } from './platform/pages/redraw.ts';

/** What every feature is opened with. */
export type Parts = {
	connection: Connection;
	config: Config;
	now: () => Date;
	/** All that there are: for what shows something of each. */
	features: readonly Feature[];
};

/** Puts the doors of a feature into the application. */
export type Doors = (app: FastifyInstance, parts: Parts) => void;

/** What a noun is to everybody else. */
export type NounManifest<One extends Noun = Noun> = {
	/** What they are called, to choose from. */
	title: MessageKey;
	/** What happened, of every type that there is: a new one does not compile without its words. */
	happened: Record<Events[One]['type'], MessageKey>;
	/** Every screen shows something of it: whatever changes is told to everybody. */
	everywhere?: boolean;
	/** Where its records stand, and the column that names them. */
	named?: { table: SQL; name: SQL };
	/** The address of a record's own page. */
	page?: (id: number) => string;
};

/** A page of the administration: where it is, what it is for, who may come in; `place`: where in its group. */
export type AdminSection = {
	group: 'people' | 'sales' | 'running';
	place: number;
	path: string;
	permission: Permission;
	title: MessageKey;
	about: MessageKey;
};

/**
 * A feature's manifest: what of it others show, do or open, as plain data. Whoever needs something of every feature
 * reads it here; features.ts gathers them.
 */
export type Feature = {
	nouns?: { [One in Noun]?: NounManifest<One> };
	routes?: readonly Doors[];
	/** Doors that take files. */
	uploads?: readonly Doors[];
	/** Its places of work: what others change shows there, and answers draw them anew. */
	pages?: readonly Page[];
	admin?: readonly AdminSection[];
	tasks?: Tasks;
	/** What its tasks are called on the page of the queue. */
	taskWords?: Record<string, MessageKey>;
	schedule?: Schedule;
};
