import type { WebifiError } from '../core/errors';
import type { StatusChange } from '../core/session';
import type { ReceivedMessage } from './message';

/** Events of a client, for `on` and `once`. @public */
export interface WebifiEvents {
  message: ReceivedMessage;
  status: StatusChange;
  error: WebifiError;
}
