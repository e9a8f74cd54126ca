import { form, id, oneOf, optional, text, version, whole } from '#src/platform/forms/readers.ts';
import { SUBJECTS } from './subjects.ts';

export const SubjectParams = form({ id: id() });

/** Of whom: a number, or of a person the login as well. */
export const SubjectQuery = form({
	noun: optional(oneOf(...SUBJECTS)),
	subject: optional(text(100)),
});

/** The number typed once more says that it is meant. */
export const ErasureForm = form({
	version: version(),
	typed: optional(whole(0, 999_999_999)),
	returnTo: optional(text(500)),
});
