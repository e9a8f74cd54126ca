/**
 * Something outside the program is in the way, and the person at the console can mend it. The message
 * is one plain Russian sentence or two: it is printed as it is, without a stack.
 */
export class StartFault extends Error {}

/** Takes a line for the console, such as «Схема: без изменений». */
export type Say = (line: string) => void;
