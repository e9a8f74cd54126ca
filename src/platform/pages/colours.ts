/** The palette of the style sheet, by name: what states and tags can have. */
export const COLOURS = ['grey', 'blue', 'violet', 'amber', 'teal', 'green', 'red'] as const;
