import {
	checked,
	form,
	id,
	oneOf,
	optional,
	readForm,
	text,
	version,
	whole,
} from '#src/platform/forms/readers.ts';
import { COLOURS } from '#src/platform/pages/colours.ts';
import type { StageEdit } from './stages.ts';

const drawn = { was: optional(text(2_000)), returnTo: optional(text(500)) };

const reason = { name: text(100), ...drawn };
/** A reason for losing deals to add. */
export const NewReasonForm = form(reason);
/** A reason as it is to be called. */
export const ReasonForm = form({ version: version(), ...reason });

const pipeline = { name: text(100), ...drawn };
/** A pipeline to add, with the states of another one. */
export const NewPipelineForm = form({ ...pipeline, likeId: id() });
/** A pipeline as it is to be called. */
export const PipelineForm = form({ version: version(), ...pipeline });

/** For which pipeline a new state is. */
export const NewStageQuery = form({ pipelineId: optional(id()) });

const stage = {
	name: text(100),
	colour: optional(oneOf(...COLOURS)),
	probability: optional(whole(0, 100)),
	idleDays: optional(whole(1, 365)),
	was: optional(text(20_000)),
	returnTo: optional(text(500)),
};

/** A state to add. */
export const NewStageForm = form({ ...stage, pipelineId: id() });
/** A state as it is to be. */
export const StageForm = form({ version: version(), ...stage });

/** The name of the check box of a field that a state can demand. */
export const boxOf = (field: string): string => `requires_${field}`;
const BOX = /^requires_([a-zA-Z]\w{0,40})$/;

/** Reads a state to add, and the pipeline it is for. Throws as readForm does. */
export function readNewStage(body: unknown): { pipelineId: number; stage: StageEdit } {
	const boxes = boxesIn(body);
	const read = readForm(form({ ...NewStageForm.properties, ...boxes }), body);
	const { name, colour = 'grey', probability = 0, idleDays = null, pipelineId } = read;
	const requiredFields = demandedIn(read);
	return { pipelineId, stage: { name, colour, probability, idleDays, requiredFields } };
}

/**
 * Reads a state as it is to be; of a final one only what is said, for its form has neither rules nor boxes.
 * Throws as readForm does.
 */
export function readStage(
	body: unknown,
	final: boolean,
): { version: number; edit: Partial<StageEdit> & { name: string } } {
	const read = readForm(form({ ...StageForm.properties, ...boxesIn(body) }), body);
	const { name, colour, probability, idleDays } = read;
	const demanded = demandedIn(read);
	const said = {
		...{ name, ...(colour && { colour }) },
		...(probability !== undefined && { probability }),
	};
	if (!final)
		return {
			version: read.version,
			edit: { ...said, idleDays: idleDays ?? null, requiredFields: demanded },
		};
	const rules = {
		...(idleDays !== undefined && { idleDays }),
		...(demanded.length > 0 && { requiredFields: demanded }),
	};
	return { version: read.version, edit: { ...said, ...rules } };
}

function boxesIn(body: unknown) {
	const names = Object.keys((body ?? {}) as object).filter((name) => BOX.test(name));
	return Object.fromEntries(names.map((name) => [name, optional(checked())]));
}

const demandedIn = (read: Record<string, unknown>): string[] =>
	Object.keys(read).flatMap((name) =>
		read[name] === true ? (BOX.exec(name)?.slice(1) ?? []) : [],
	);
