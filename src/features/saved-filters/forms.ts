import { checked, form, id, oneOf, optional, text, version } from '#src/platform/forms/readers.ts';
import { FILTER_SCREENS } from './tables.ts';

/** A filter's id in an address. */
export const FilterParams = form({ id: id() });

/** The present отбор, for the form that keeps it or puts it into another. */
export const NewFilterQuery = form({
	screen: optional(oneOf(...FILTER_SCREENS)),
	query: optional(text(4000)),
	returnTo: optional(text(2000)),
});

/** Who sees a saved filter: its owner alone, or the owner's team too. */
const VISIBLE = ['me', 'team'] as const;

/** A filter to keep under a name. */
export const SaveFilterForm = form({
	screen: oneOf(...FILTER_SCREENS),
	name: text(100),
	query: optional(text(4000)),
	visibleTo: optional(oneOf(...VISIBLE)),
	returnTo: optional(text(2000)),
});

/** Another name, other readers, or the present отбор (`take`) for a saved filter. */
export const ChangeFilterForm = form({
	version: version(),
	name: optional(text(100)),
	visibleTo: optional(oneOf(...VISIBLE)),
	take: optional(checked()),
	was: optional(text(2000)),
	query: optional(text(4000)),
	returnTo: optional(text(2000)),
});

/** A saved filter to take away. */
export const RemoveFilterForm = form({ version: version(), returnTo: optional(text(2000)) });
