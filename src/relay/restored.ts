import { Receipt, type ReceiptTaker } from './receipt';
import type { SavedEntry } from './saved-session';
import type { Entry } from './out-queue';

/** By what an account is found again after a restart. */
export function accountKey(connectName: string, generation: string): string {
  return `${generation} ${connectName}`;
}

interface Open {
  readonly senderId: number;
  readonly number: number;
  readonly entries: Set<Entry>;
  receivers: number;
  isLost: boolean;
}

/** Brings the receipts together that senders still wait for: each counts the sessions that have its message. */
export class SavedReceipts {
  readonly #open = new Map<string, Open>();

  /** @param isKept - Whether the session that has these is there again. */
  add(entries: readonly SavedEntry[], isKept: boolean): void {
    for (const { entry, receipt } of entries) {
      if (receipt === undefined) continue;
      const key = `${receipt.senderId} ${receipt.number}`;
      let open = this.#open.get(key);
      if (open === undefined) {
        open = { ...receipt, entries: new Set(), receivers: 0, isLost: false };
        this.#open.set(key, open);
      }
      open.entries.add(entry);
      open.receivers += 1;
      if (!isKept) open.isLost = true;
    }
  }

  /** @param takerOf - The session that has sent a message, if it is there again. */
  restore(takerOf: (sessionId: number) => ReceiptTaker | undefined): void {
    for (const { senderId, number, entries, receivers, isLost } of this.#open.values()) {
      const taker = takerOf(senderId);
      if (taker === undefined) continue;
      const receipt = new Receipt(taker, number, receivers);
      for (const entry of entries) entry.receipt = receipt;
      if (isLost) receipt.lose();
    }
  }
}
