// What can befall a device, where more than the table of faults has to know it.

/** Its own application closes it: it has asked for no more. */
export const CLOSED = 'closed by its application';
/** Somebody else has used its token: its session is not its own any more. */
export const ROBBED = 'its token was used by somebody else';
