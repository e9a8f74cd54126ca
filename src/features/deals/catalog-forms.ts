import { form, optional, text, version } from '#src/platform/web/forms.ts';

const drawn = { was: optional(text(2_000)), returnTo: optional(text(500)) };

const reason = { name: text(100), ...drawn };
/** A reason for losing deals to add. */
export const NewReasonForm = form(reason);
/** A reason as it is to be called. */
export const ReasonForm = form({ version: version(), ...reason });
