// Runs in Chromium.
import type { Flow, MessagingCandidate } from './messaging';
import { partyOf, type Party } from './party';

let party: Party | undefined;

/** What is thrown beside a call is the fault of that call. */
const failed = new Promise<never>((_resolve, reject) => {
  addEventListener('error', ({ message }) => reject(new Error(message)));
  addEventListener('unhandledrejection', ({ reason }) => reject(new Error(String(reason))));
});

function loadScript(src: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.onload = () => resolve();
    script.onerror = () => reject(new Error(`${src} could not be loaded.`));
    script.src = src;
    document.head.append(script);
  });
}

/** @param file - Address of the compiled candidate. */
export async function open(file: string, port: number, flow: Flow): Promise<void> {
  const { relay } = (await import(file)) as { relay: MessagingCandidate };
  await loadScript(`/${relay.inPage.script}`);
  const api: unknown = Reflect.get(globalThis, relay.inPage.namespace);
  const made = partyOf(flow, (onMessage) =>
    relay.open(api, { port, side: 'measured', isPage: true }, onMessage),
  );
  party = made.party;
  await Promise.race([made.client.connect(), failed]);
}

/** Messages come from now on. */
export function receive(): void {
  party!.receive();
}

/** @returns How many came since `receive`. */
export async function received(): Promise<number> {
  return Promise.race([failed, Promise.resolve(party!.received)]);
}

export async function send(timeMs: number): Promise<{ messages: number; wallNs: number }> {
  const startMs = performance.now();
  const messages = await Promise.race([party!.sendFor(timeMs), failed]);
  return { messages, wallNs: (performance.now() - startMs) * 1e6 };
}
