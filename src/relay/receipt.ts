/** Who gets the receipts of a session's messages. */
export interface ReceiptTaker {
  readonly sessionId: number;
  /**
   * @param number - The sender's number for the message.
   * @param isDelivered - All who were to get the message have acknowledged it.
   */
  takeReceipt(number: number, isDelivered: boolean): void;
}

/** A message whose sender wants to know when all who get it have acknowledged it (`xa=d`). */
export class Receipt {
  /** Receivers that have not acknowledged it. */
  #open: number;

  /** @param receivers - How many are to get it. */
  constructor(
    private readonly taker: ReceiptTaker,
    readonly number: number,
    receivers: number,
  ) {
    this.#open = receivers;
  }

  /** Whether it was not given yet. */
  get isOpen(): boolean {
    return this.#open > 0;
  }

  /** The session of the sender. */
  get senderId(): number {
    return this.taker.sessionId;
  }

  /** One receiver has acknowledged the message. */
  acknowledge(): void {
    if (this.#open <= 0) return;
    this.#open -= 1;
    if (this.#open === 0) this.taker.takeReceipt(this.number, true);
  }

  /** One receiver will not get the message, or cannot say whether it did. */
  lose(): void {
    if (this.#open <= 0) return;
    this.#open = 0;
    this.taker.takeReceipt(this.number, false);
  }

  /** Nothing is told: the message was refused. */
  cancel(): void {
    this.#open = 0;
  }
}
