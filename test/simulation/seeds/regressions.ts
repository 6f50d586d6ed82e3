/** A seed whose run meets a bug that is mended. They run before all others. */
export interface Regression {
  readonly seed: number;
  readonly found: string;
}

/** A change of the simulation gives every seed another run: `npm run simulate -- --mutants` then tells new ones. */
export const REGRESSIONS: readonly Regression[] = [
  { seed: 83, found: 'a batch in doubt was sent again in the next session: a duplicate' },
  { seed: 133, found: 'input held for a WebSocket that never closed was counted for ever' },
  { seed: 50, found: 'a frame for many went out past a receipt that waited: the numbers behind it never fitted' },
  { seed: 219, found: 'a receipt waited for the receivers of earlier messages too' },
  { seed: 20, found: 'receipts for a session that had ended were kept for ever' },
  { seed: 661, found: 'memory full of what waited for a lost session kept everybody out' },
  { seed: 12166, found: 'a receipt was awaited for ever when a receiver without the extension had a queue of its own again' },
  { seed: 31496, found: 'answers behind the close of a slow sender went to its next WebSocket, ahead of earlier refusals' },
  { seed: 4411, found: 'a login that came twice ended the session that it had begun, between two downloads' },
  { seed: 6299, found: 'what went again in a session with a smaller window did not keep to it' },
];
