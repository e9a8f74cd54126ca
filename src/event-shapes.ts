/*
 * Shapes that several events of src/events.ts share.
 */

/** Old and new value of a field, as they stood in the row. */
export type FieldChange = [from: FieldValue, to: FieldValue];
type FieldValue = string | number | boolean | null;

/** A line of a deal's products that was added, changed or taken away. */
export type ProductChange = {
	product: string;
	from: { quantity: string; price: string | null } | null;
	to: { quantity: string; price: string | null } | null;
};

/** What an event is about: ids that stand in columns of their own. */
export type About = {
	deal: { dealId: number; clientId: number | null };
	client: { clientId: number };
	interaction: { interactionId: number; dealId: number | null; clientId: number | null };
};

/** A list that can be taken away as a file. */
export type ExportedList = 'deals' | 'clients' | 'agenda' | 'audit' | 'import';

/** By which way somebody signs in. */
export type SignInWay = 'demo' | 'oidc' | 'header' | 'password';

/** Signed out, ended in the list of sessions, by an administrator, by the directory, by signing in anew in that browser. */
export type SessionEnd = 'out' | 'list' | 'administrator' | 'directory' | 'again';

/** Where others of a series were meant too: which, and how many steps that were. */
export type OfSeries = { scope?: 'following' | 'all'; steps?: number };

/** Into which state deals went of what was taken away, and how many they were. */
export type Emptied = { intoId: number | null; into: string | null; deals: number };

/** How many records a change of a directory concerns. */
export type Uses = { deals: number; clients: number };

/**
 * A deal that goes from state to state; `was`: out of a final one, absent in old rows.
 */
export type Passage = {
	from: number;
	to: number;
	secondsInPrevious: number;
	was?: EndingWas;
} & Settled;

/** `cancelled`: planned steps that the end of a deal or the archive cancelled, `returned`: those that came back as it left that. */
export type Settled = { cancelled?: SettledStep[]; returned?: SettledStep[] };

/** A step that the end of its deal has cancelled, or given back, with its version from then on. */
export type SettledStep = { id: number; version: number; kindId: number; summary: string };

/** Two deals became one: what of the other one the kept one has now. */
export type MergedDeals = {
	mergedId: number;
	/** What the other one was called. */
	title: string;
	changes: Record<string, FieldChange>;
	/** Lines of products that the kept one did not have. */
	products: ProductChange[];
	moved: { interactions: number };
	/** What undoing needs beside that. */
	whole: {
		steps: number[];
		lines: { productId: number; quantity: string; price: string | null; position: number }[];
		tags: number[];
		helpers: number[];
		/** The owner who was a helper until then. */
		helped: number | null;
		moments: Record<string, FieldChange>;
	};
};

/** How a deal was finished that leaves a final state, for who takes that back. */
export type EndingWas = {
	amount: string | null;
	closedOn: string | null;
	lossReasonId: number | null;
	comment: string | null;
};

/** An account of the directory and whose it is said to be. */
export type AccountLink = { personId: number; issuer: string; subject: string };
