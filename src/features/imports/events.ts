/*
 * What can happen of imports.
 */

export type ImportEvent =
	| {
			type: 'import.finished';
			/** `importId`: of one from the browser. */
			data: {
				file: string;
				created: number;
				updated: number;
				rejected: number;
				importId?: number;
			};
	  }
	| {
			type: 'import.undone';
			data: { importId: number; file: string; removed: number; restored: number; kept: number };
	  }
	| { type: 'import.removed'; data: { importId: number; file: string } };

declare module '#src/events.ts' {
	interface Events {
		import: ImportEvent;
	}
}
