import { SaxesParser } from 'saxes';
import { FileFault } from '#src/features/imports/console/messages.ts';

/** Levels of elements in a part of a workbook, at most; sheets have a dozen. */
export const DEPTH_LIMIT = 32;
const PIECE = 65_536;
const REASON_LENGTH = 60;

/** What a reader of XML hears; names come without their prefixes. */
export type Listener = {
	open?: (name: string, attributes: Readonly<Record<string, string>>, parent: string) => void;
	text?: (text: string, parent: string) => void;
	close?: (name: string, parent: string) => void;
};

type Plain = { xmlns: false; position: false };

/** A part that says something no workbook says. */
export const unreadable = (reason: string) =>
	new FileFault('file.sheetBroken', { reason: reason.slice(0, REASON_LENGTH) });

/**
 * Goes over a part of a workbook once, piece by piece, whatever stands in it; after each piece whoever asks has a
 * turn. Throws FileFault for a DOCTYPE, for what is no XML, and for what is nested too deep.
 */
export function* heard(part: Buffer, listener: Listener): Generator<void> {
	const parser = new SaxesParser<Plain>({ xmlns: false, position: false });
	const names: string[] = [];
	const parent = () => names.at(-1) ?? '';
	parser.on('error', ({ message }) => {
		throw unreadable(message);
	});
	// Entities of its own are a way to say a gigabyte in a line; no spreadsheet writes them.
	parser.on('doctype', () => {
		throw unreadable('DOCTYPE');
	});
	parser.on('opentag', (tag) => {
		if (names.length === DEPTH_LIMIT) throw new FileFault('file.sheetDeep', { limit: DEPTH_LIMIT });
		const name = bare(tag.name);
		listener.open?.(name, tag.attributes, parent());
		names.push(name);
	});
	parser.on('text', (text) => listener.text?.(text, parent()));
	parser.on('cdata', (text) => listener.text?.(text, parent()));
	parser.on('closetag', () => {
		const name = names.pop() ?? '';
		listener.close?.(name, parent());
	});
	const decoder = new TextDecoder(encodingOf(part));
	for (let at = 0; at < part.length; at += PIECE) {
		parser.write(decoder.decode(part.subarray(at, at + PIECE), { stream: true }));
		yield;
	}
	parser.write(decoder.decode());
	parser.close();
	yield;
}

/** The same at one go, for parts that are small. Throws like `heard`. */
export function hear(part: Buffer, listener: Listener): void {
	for (const _ of heard(part, listener));
}

const bare = (name: string) => name.slice(name.indexOf(':') + 1);

function encodingOf(part: Buffer): string {
	if (part[0] === 0xff && part[1] === 0xfe) return 'utf-16le';
	return part[0] === 0xfe && part[1] === 0xff ? 'utf-16be' : 'utf-8';
}
