/** Where a record of a directory is moved: one place up or down, or to a place counted from 1. */
export type Place = { way: 'up' | 'down' } | { place: number };
