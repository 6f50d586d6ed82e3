import { PollingDevice } from './polling-device';
import { type Credentials, codeOf, login, loginBody } from './raw-client';
import { WebSocketDevice } from './websocket-device';
import type { Address } from './raw-connection';
import { post } from './raw-http';

export interface WalkthroughOptions {
  relay: Address;
  /** An account whose networks are open. */
  open: Credentials;
  /** An account that allows the network `allowed 1` and not `forbidden`. */
  restricted: Credentials;
  /** The lowest `t` that the relay does not raise, in seconds; 10 by default. */
  shortestPoll: number;
}

/**
 * A day in the life of a relay, told from the outside: two devices on WebSocket, one on long polling.
 * Returns every code that was met, by the step that met it; throws at the first answer that is not the documented one.
 */
export async function walkThrough(options: WalkthroughOptions): Promise<Map<string, string>> {
  const story = new Story();
  await meetTheDoor(story, options);
  const { asking, lamp } = await talkOverWebSocket(story, options);
  await pollAndCancel(story, options, lamp);
  await stumble(story, options, asking);
  await sayGoodbye(story, options, asking, lamp);
  return story.codes;
}

/** Compares each answer with the documented one and writes down its code. */
class Story {
  readonly codes = new Map<string, string>();

  step(what: string, answer: string, documented: string): void {
    if (answer !== documented) throw new Error(`${what}: got ${answer}, documented is ${documented}`);
    const code = /~e=(\d+)/.exec(answer)?.[1];
    if (code !== undefined) this.codes.set(what, code);
  }
}

async function meetTheDoor(story: Story, { relay, open }: WalkthroughOptions): Promise<void> {
  const wrong = { connectName: open.connectName, password: 'guessed' };
  const refused = codeOf((await post(relay, '/', loginBody(wrong))).body);
  story.step('wrong password', `~e=${refused}`, '~e=8');

  const { body } = await login(relay, open);
  story.step('login', body.slice(0, 4), '~e=0');
}

async function talkOverWebSocket(
  story: Story,
  { relay, open, restricted }: WalkthroughOptions,
): Promise<{ asking: WebSocketDevice; lamp: WebSocketDevice }> {
  const asking = await WebSocketDevice.open(relay, (await login(relay, open)).id);
  story.step('attach', await asking.exchange(`~id=${asking.id}~t=1`), '~rt=a~e=0~t=1');
  story.step('attach again', await asking.exchange(`~id=${asking.id}~t=1`), '~rt=a~e=0~t=1');
  story.step('networks', await asking.exchange('~nc=1~ns=house~ns=garden~t=1'), '~rt=n~e=4~t=1');

  const lamp = await WebSocketDevice.attach(relay, (await login(relay, open)).id);
  story.step('networks of the lamp', await lamp.exchange('~nc=1~ns=house~t=1'), '~rt=n~e=4~t=1');

  story.step('send to the own networks', await asking.exchange('~dt=order~d=on~t=1'), '~rt=s~e=0~t=1');
  await lamp.delivery();
  story.step('receive', lamp.received.at(-1) ?? '', `~rt=r~f=${asking.sessionId}~dt=order~d=on~t=1`);

  story.step(
    'send to one device',
    await lamp.exchange(`~s=${asking.sessionId}~d=it is on~t=1`),
    '~rt=s~e=0~t=1',
  );
  await asking.delivery();
  story.step('receive from one', asking.received.at(-1) ?? '', `~rt=r~f=${lamp.sessionId}~d=it is on~t=1`);

  story.step('discover', await asking.exchange('~dt=Discovery~d=?~t=1'), '~rt=s~e=0~t=1');
  const request = await lamp.delivery();
  const response = `~s=${request.from}~dt=Discovery Response~d=lamp~t=1`;
  story.step('discovery response', await lamp.exchange(response), '~rt=s~e=0~t=1');
  const found = await asking.delivery();
  story.step('discovered', `${found.from} is ${found.data}`, `${lamp.sessionId} is lamp`);

  story.step('keep-alive', await asking.exchange('~t=1'), '~rt=k~t=1');

  const fenced = await WebSocketDevice.attach(relay, (await login(relay, restricted)).id);
  const mixed = '~nc=1~ns=allowed 1~ns=forbidden~t=1';
  story.step('a network outside the allow-list', await fenced.exchange(mixed), '~rt=n~e=5~t=1');
  return { asking, lamp };
}

async function pollAndCancel(
  story: Story,
  options: WalkthroughOptions,
  lamp: WebSocketDevice,
): Promise<void> {
  const { relay, open, shortestPoll } = options;
  const meter = new PollingDevice(relay, (await login(relay, open)).id);
  story.step('networks by long polling', await meter.poll('~n=house'), '~e=4');

  story.step(
    'send to the meter',
    await lamp.exchange(`~s=${meter.sessionId}~d=1~s=${meter.sessionId}~d=~t=1`),
    '~rt=s~e=0~t=1',
  );
  const from = `~f=${lamp.sessionId}`;
  story.step('poll what is queued', await meter.poll(), `~e=0${from}~d=1${from}~d=~z=0`);

  story.step(
    'poll in vain',
    await meter.poll(`~t=${shortestPoll}`, undefined, (shortestPoll + 8) * 1_000),
    '~e=16',
  );

  const held = await meter.startPoll('', 100);
  await meter.upload('~dt=reading~d=21.5', 0);
  story.step('the same poll twice', await meter.poll('', 100), '~e=18');
  story.step('cancel', await meter.cancel(), '~e=15');
  story.step('the cancelled poll', (await held.response).body, '~e=15');

  story.step('upload', await meter.upload('~dt=reading~d=22', 8), '~e=0');
  for (const time of ['once', 'twice']) {
    story.step(`upload repeated ${time}`, await meter.upload('~dt=reading~d=22', 8), '~e=0');
  }
  const readings = [await lamp.delivery(), await lamp.delivery()].map(({ data }) => data);
  story.step('uploads delivered', readings.join(), '21.5,22');
  let repeated = '~e=0';
  for (let more = 0; more < 8 && repeated === '~e=0'; more++)
    repeated = await meter.upload('~dt=reading~d=22', 8);
  story.step('upload repeated without end', repeated, '~e=1');

  const last = await meter.startPoll('', 101);
  await meter.upload('~dt=reading~d=23', 9);
  story.step('end by long polling', await meter.end(), '~e=15');
  await last.response;
  story.step('poll after the end', await meter.poll(), '~e=12');
  story.step('the third reading', (await lamp.delivery()).data, '23');
}

async function stumble(story: Story, { relay }: WalkthroughOptions, asking: WebSocketDevice): Promise<void> {
  story.step('a recipient that is not there', await asking.exchange('~s=99~d=x~t=1'), '~rt=s~e=2~t=1');
  story.step('a message that means nothing', await asking.exchange('~q=1~t=1'), '~rt=s~e=7~t=1');

  const stranger = await WebSocketDevice.open(relay, '99sXx');
  story.step('an unknown id', await stranger.exchange('~id=99sXx~t=1'), '~rt=a~e=12~t=1');
  await stranger.waitForClose();
}

async function sayGoodbye(
  story: Story,
  { relay }: WalkthroughOptions,
  asking: WebSocketDevice,
  lamp: WebSocketDevice,
): Promise<void> {
  story.step('restart', await lamp.exchange('~c=c~t=1'), '~rt=c~e=0~t=1');
  await lamp.ping();
  lamp.socket.sendClose(1_000);
  await lamp.waitForClose();

  story.step('terminate', await asking.exchange('~c=t~t=1'), '~rt=c~e=0~t=1');
  await asking.waitForClose();
  const late = await WebSocketDevice.open(relay, asking.id);
  story.step('attach after the end', await late.exchange(`~id=${asking.id}~t=1`), '~rt=a~e=12~t=1');
  await late.waitForClose();
}
