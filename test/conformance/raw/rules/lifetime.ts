import { describe, expect, it } from 'vitest';
import { PollingDevice } from '../polling-device';
import { WebSocketDevice } from '../websocket-device';
import { post } from '../raw-http';
import { Opcode, RawWebSocket } from '../raw-websocket';
import { Lab, type StartRelay, newNetwork, pass, useRelay } from '../relay-under-test';

/** Deadlines, loss and return of a session: sections 5.3, 5.4, 13 and 15. */
export function lifetimeRules(start: StartRelay): void {
  returnRules(start);
  expiryRules(start);
  silenceRules(start);
  patienceRules(start);
  stopRules(start);
  moveRules(start);
}

function returnRules(start: StartRelay): void {
  describe('a lost socket', () => {
    const lab = useRelay(start);

    it.each(['FIN', 'RST', 'Close'])(
      'P-65 P-63 P-10 leaves the session for a return after %s',
      async (way) => {
        const network = newNetwork();
        const device = await lab.webSocket([network]);
        if (way === 'RST') device.socket.connection.reset();
        else if (way === 'FIN') device.drop();
        else device.socket.sendClose(1_000);
        await device.waitForClose();
        const again = await WebSocketDevice.attach(lab.address, device.id);
        expect(await again.setNetworks(network)).toBe('4');
        expect(await (await lab.webSocket([network])).send('~d=back')).toBe('0');
        expect((await again.delivery()).data).toBe('back');
      },
    );

    it('P-10 a second socket with the same id takes over while the first one lives', async () => {
      const network = newNetwork();
      const first = await lab.webSocket([network]);
      const second = await WebSocketDevice.attach(lab.address, first.id);
      expect(await second.setNetworks(network)).toBe('4');
      expect(await (await lab.webSocket([network])).send('~d=to the second')).toBe('0');
      expect((await second.delivery()).data).toBe('to the second');
      expect(first.received.filter((message) => message.startsWith('~rt=r'))).toEqual([]);
      expect(await second.deliveriesSoFar()).toEqual([]);
    });

    it.each(['~nc=1~t=1', '~d=x~t=1'])(
      'P-6 a socket whose session was ended gets 12 to %s, then closes',
      async (message) => {
        const device = await lab.webSocket([newNetwork()]);
        await new PollingDevice(lab.address, device.id).end();
        device.socket.sendText(message);
        await device.waitForClose();
        const kind = message.startsWith('~nc') ? 'n' : 's';
        const answers = device.received.slice(2);
        expect([[], [`~rt=${kind}~e=12~t=1`]]).toContainEqual(answers);
      },
    );
  });
}

function expiryRules(start: StartRelay): void {
  describe('a lost socket beyond the grace', () => {
    const lab = useRelay(start, { sessionGraceMs: 300 });

    it('P-65 V-28 ends the session', async () => {
      const device = await lab.webSocket([newNetwork()]);
      device.drop();
      await pass(1_000);
      const late = await WebSocketDevice.open(lab.address, device.id);
      expect(await late.exchange(`~id=${device.id}~t=1`)).toBe('~rt=a~e=12~t=1');
      await late.waitForClose();
      expect((await post(lab.address, '/Upload', `~id=${device.id}~d=x~z=0`)).body).toBe('~e=12');
      expect((await post(lab.address, '/Download', `~id=${device.id}~z=0`)).body).toBe('~e=12');
    });

    it('P-65 does not end a session that is attached, or that polls', async () => {
      const attached = await lab.webSocket([newNetwork()]);
      const polling = await lab.polling([newNetwork()]);
      const held = await polling.startPoll();
      await pass(1_000);
      expect(await attached.exchange('~t=1')).toBe('~rt=k~t=1');
      expect(await polling.send(`~s=${polling.sessionId}~d=x`)).toBe('0');
      expect((await held.response).body).toContain('~d=x');
    });

    it('P-65 P-92 a session that ended is no recipient any more', async () => {
      const gone = await lab.webSocket([newNetwork()]);
      gone.drop();
      await pass(1_000);
      expect(await (await lab.webSocket()).send(`~s=${gone.sessionId}~d=x`)).toBe('2');
    });
  });
}

function silenceRules(start: StartRelay): void {
  describe('a silent socket', () => {
    const lab = useRelay(start, { authDeadlineMs: 300, idleLimitMs: 1_500 });

    it('P-12 is closed when no auth message comes', async () => {
      const device = await WebSocketDevice.open(lab.address, '0s0');
      await device.waitForClose();
      await device.socket.connection.waitForEnd();
    });

    it('P-12 SEC-14 is closed though it sends Pings and empty frames instead of authenticating', async () => {
      const device = await WebSocketDevice.open(lab.address, '0s0');
      const chatter = setInterval(() => {
        device.socket.sendFrame({ opcode: Opcode.ping });
        device.socket.sendText('');
      }, 50);
      await device.waitForClose().finally(() => clearInterval(chatter));
    });

    it('P-61 is closed after the idle limit, and the session waits for its return', async () => {
      const device = await lab.webSocket([newNetwork()]);
      await device.waitForClose();
      await WebSocketDevice.attach(lab.address, device.id);
    });

    it('P-59 P-61 V-36 lives as long as keep-alives come', async () => {
      const device = await lab.webSocket([newNetwork()]);
      for (let i = 0; i < 6; i++) {
        await pass(400);
        expect(await device.exchange('~t=1')).toBe('~rt=k~t=1');
      }
    });
  });
}

function patienceRules(start: StartRelay): void {
  describe('a patient client', () => {
    const lab = useRelay(start);

    it('P-12 P-43 P-67 may authenticate 10 s after the upgrade; t below 10 s is held for 10 s', async () => {
      const { id } = await lab.login();
      const socket = await RawWebSocket.open(lab.address);
      const poller = await lab.polling([newNetwork()]);
      const startedAt = performance.now();
      const heldTooShort = await poller.startPoll('~t=1', 1, 16_000);
      expect((await heldTooShort.response).body).toBe('~e=16');
      expect(performance.now() - startedAt).toBeGreaterThan(9_900);
      socket.sendText(`~id=${id}~t=1`);
      expect((await socket.readFrame()).payload.toString('latin1')).toBe('~rt=a~e=0~t=1');
    });
  });
}

function stopRules(start: StartRelay): void {
  describe('a relay that stops', () => {
    it('P-3 P-66 closes WebSockets with 1012 and ends Downloads with a code', async () => {
      const lab = new Lab(start, {});
      await lab.start();
      const network = newNetwork();
      const attached = await lab.webSocket([network]);
      const polling = await lab.polling([network]);
      const held = await polling.startPoll();
      expect(await polling.send(`~s=${attached.sessionId}~d=last words`)).toBe('0');
      const stopped = lab.address.stop();
      expect(await attached.waitForClose()).toBe(1012);
      expect((await attached.delivery()).data).toBe('last words');
      expect((await held.response).body).toMatch(/^~e=\d+/);
      await stopped;
      await expect(lab.login()).rejects.toThrow();
    });
  });
}

function moveRules(start: StartRelay): void {
  describe('a session that moves', () => {
    const lab = useRelay(start);

    it('P-10 section 15 from long polling to WebSocket with the same id, by a cancel without ts', async () => {
      const network = newNetwork();
      const polling = await lab.polling([network]);
      const held = await polling.startPoll();
      expect(await polling.cancel()).toBe('~e=15');
      expect((await held.response).body).toBe('~e=15');
      const attached = await WebSocketDevice.attach(lab.address, polling.id);
      expect(await attached.setNetworks(network)).toBe('4');
      expect(await (await lab.webSocket([network])).send('~d=moved')).toBe('0');
      expect((await attached.delivery()).data).toBe('moved');
    });

    it('P-10 section 15 from WebSocket to long polling with the same id, after the loss of the socket', async () => {
      const network = newNetwork();
      const attached = await lab.webSocket([network]);
      attached.drop();
      await attached.waitForClose();
      const polling = new PollingDevice(lab.address, attached.id);
      expect(await polling.setNetworks(network)).toBe('4');
      expect(await (await lab.webSocket([network])).send('~d=moved')).toBe('0');
      expect(await polling.poll()).toContain('~d=moved');
    });

    it('P-10 there and back again, with messages in between', async () => {
      const network = newNetwork();
      const sender = await lab.webSocket([network]);
      const polling = await lab.polling([network]);
      for (let turn = 0; turn < 3; turn++) {
        expect(await sender.send(`~d=polled ${turn}`)).toBe('0');
        expect(await polling.poll()).toContain(`~d=polled ${turn}`);
        const attached = await WebSocketDevice.attach(lab.address, polling.id);
        expect(await attached.setNetworks(network)).toBe('4');
        expect(await sender.send(`~d=pushed ${turn}`)).toBe('0');
        expect((await attached.delivery()).data).toBe(`pushed ${turn}`);
        attached.socket.sendClose(1_000);
        await attached.waitForClose();
        expect(await polling.setNetworks(network)).toBe('4');
      }
    });

    it('V-28 section 15 a stray Download with the id of a terminated session gets 12', async () => {
      const device = await lab.webSocket([newNetwork()]);
      expect(await device.exchange('~c=t~t=1')).toBe('~rt=c~e=0~t=1');
      expect(await new PollingDevice(lab.address, device.id).poll('~n=x')).toBe('~e=12');
    });
  });
}
