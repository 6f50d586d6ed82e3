type Listener<T> = (event: T) => void;

/** Typed events. A listener that throws does not stop the others, and its error is not swallowed. */
export class Emitter<Events extends object> {
  readonly #entries = new Set<{ type: keyof Events; listener: Listener<never> }>();

  on<K extends keyof Events>(type: K, listener: Listener<Events[K]>, signal?: AbortSignal): () => void {
    // An entry of its own, so that the same function may be added twice and removed one at a time.
    const entry = { type, listener };
    const off = (): void => {
      this.#entries.delete(entry);
      signal?.removeEventListener('abort', off);
    };
    if (signal?.aborted) return off;
    this.#entries.add(entry);
    signal?.addEventListener('abort', off);
    return off;
  }

  emit<K extends keyof Events>(type: K, event: Events[K]): void {
    for (const entry of this.#entries) {
      if (entry.type === type) callSafely(entry.listener as Listener<Events[K]>, event);
    }
  }
}

/** Runs application code; what it throws surfaces as an uncaught error of its own, not inside ours. */
export function callSafely<T>(call: (value: T) => void, value: T): void {
  try {
    call(value);
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
  }
}
