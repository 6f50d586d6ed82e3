type Listener<T> = (event: T) => void;

/** Typed events. A listener that throws does not stop the others, and its error is not swallowed. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>();

  on<K extends keyof Events>(type: K, listener: Listener<Events[K]>, signal?: AbortSignal): () => void {
    // A wrapper of its own, so that the same function may be added twice and removed one at a time.
    const entry: Listener<Events[K]> = (event) => listener(event);
    const set = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, set);
    const off = (): void => {
      set.delete(entry);
      signal?.removeEventListener('abort', off);
    };
    if (signal?.aborted) return off;
    set.add(entry);
    signal?.addEventListener('abort', off);
    return off;
  }

  emit<K extends keyof Events>(type: K, event: Events[K]): void {
    for (const listener of this.#listeners.get(type) ?? []) callSafely(() => (listener as Listener<Events[K]>)(event));
  }
}

/** Runs application code; what it throws surfaces as an uncaught error of its own, not inside ours. */
export function callSafely(call: () => void): void {
  try {
    call();
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
  }
}
