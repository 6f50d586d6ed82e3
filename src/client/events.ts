import type { WebifiError } from '../core/errors';
import type { Gap } from '../core/resume';
import type { StatusChange } from '../core/session-events';
import type { ReceivedMessage } from './message';

/** Events of a client, for `on` and `once`. @public */
export interface WebifiEvents {
  message: ReceivedMessage;
  status: StatusChange;
  error: WebifiError;
  /** Messages for this device were lost. */
  gap: Gap;
  /** The send queue was full, and is half empty again. */
  drain: undefined;
}
