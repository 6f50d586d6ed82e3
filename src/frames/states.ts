/**
 * Where a connection stands.
 *
 * - `open`: both sides may send.
 * - `close-sent`: our Close is out, the peer's has not come.
 * - `close-received`: the peer's Close is in, ours is not out.
 * - `closed`: nothing more is read or sent.
 *
 * @public
 */
export type ConnectionState = 'open' | 'close-sent' | 'close-received' | 'closed';

/**
 * What can move a connection on: a valid Close of the peer, our own Close, a fault in what the peer sent, the end of
 * the owner's patience after our Close, the end of the bytes.
 *
 * @internal
 */
export type ConnectionInput = 'peer-close' | 'own-close' | 'fault' | 'timeout' | 'lost';

/** What a state allows, and where each input leads. @internal */
export interface StateRules {
  /** Whether received bytes are read; otherwise they are ignored. */
  readonly reads: boolean;
  readonly sendsData: boolean;
  readonly sendsControl: boolean;
  readonly sendsClose: boolean;
  readonly on: Readonly<Record<ConnectionInput, ConnectionState>>;
}

/**
 * The close handshake as a table. A Pong may still follow our Close: RFC 6455, section 5.5.2 wants a Ping answered
 * until the peer's Close has come.
 *
 * @see RFC 6455, sections 1.4, 5.5.1 and 7.1.
 * @internal
 */
export const STATES: Readonly<Record<ConnectionState, StateRules>> = {
  open: {
    reads: true,
    sendsData: true,
    sendsControl: true,
    sendsClose: true,
    on: {
      'peer-close': 'close-received',
      'own-close': 'close-sent',
      fault: 'closed',
      timeout: 'open',
      lost: 'closed',
    },
  },
  'close-sent': {
    reads: true,
    sendsData: false,
    sendsControl: true,
    sendsClose: false,
    on: {
      'peer-close': 'closed',
      'own-close': 'close-sent',
      fault: 'closed',
      timeout: 'closed',
      lost: 'closed',
    },
  },
  'close-received': {
    reads: false,
    sendsData: true,
    sendsControl: true,
    sendsClose: true,
    on: {
      'peer-close': 'close-received',
      'own-close': 'closed',
      fault: 'close-received',
      timeout: 'close-received',
      lost: 'closed',
    },
  },
  closed: {
    reads: false,
    sendsData: false,
    sendsControl: false,
    sendsClose: false,
    on: { 'peer-close': 'closed', 'own-close': 'closed', fault: 'closed', timeout: 'closed', lost: 'closed' },
  },
};
