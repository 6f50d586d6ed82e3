import { describe, expect, it } from 'vitest';
import { post } from '../raw-http';
import { type StartRelay, newNetwork, useRelay } from '../relay-under-test';

/** `/Upload`: sections 6.2 and 11.2. */
export function uploadRules(start: StartRelay): void {
  describe('Upload', () => {
    const lab = useRelay(start);

    it('V-46 P-104 answers 0 and delivers', async () => {
      const network = newNetwork();
      const receiver = await lab.webSocket([network]);
      const sender = await lab.polling([network]);
      expect(await sender.upload('~dt=t~d=hello')).toBe('~e=0');
      expect(await receiver.delivery()).toEqual({ from: sender.sessionId, type: 't', data: 'hello' });
    });

    it('V-47 P-107 K-13 gives the stored answer to a repeat and does not deliver again', async () => {
      const receiver = await lab.webSocket([newNetwork()]);
      const sender = await lab.polling();
      const groups = `~s=${receiver.sessionId}~s=99~d=once`;
      expect(await sender.upload(groups, 7)).toBe('~e=2');
      expect(await sender.upload(groups, 7)).toBe('~e=2');
      expect(await sender.upload(groups, 7)).toBe('~e=2');
      expect((await receiver.deliveriesSoFar()).map(({ data }) => data)).toEqual(['once']);
    });

    it('P-107 delivers once when a copy comes while the first is still on its way', async () => {
      const receiver = await lab.webSocket([newNetwork()]);
      const sender = await lab.polling();
      const groups = `~s=${receiver.sessionId}~d=${'once'.repeat(20_000)}`;
      const answers = await Promise.all([1, 2, 3, 4].map(() => sender.upload(groups, 9)));
      expect(new Set(answers)).toEqual(new Set(['~e=0']));
      expect(await receiver.deliveriesSoFar()).toHaveLength(1);
    });

    it('P-107 P-9 K-11 breaks the endless repeat with code 1 after about five', async () => {
      const receiver = await lab.webSocket([newNetwork()]);
      const sender = await lab.polling();
      const groups = `~s=${receiver.sessionId}~d=once`;
      const codes: string[] = [];
      for (let i = 0; i < 12; i++) codes.push(await sender.upload(groups, 3));
      const firstError = codes.indexOf('~e=1');
      expect(firstError).toBeGreaterThanOrEqual(4);
      expect(firstError).toBeLessThanOrEqual(8);
      expect(new Set(codes.slice(0, firstError))).toEqual(new Set(['~e=0']));
      expect(new Set(codes.slice(firstError))).toEqual(new Set(['~e=1']));
      expect(await sender.upload(`~s=${receiver.sessionId}~d=next`, 4)).toBe('~e=0');
      expect((await receiver.deliveriesSoFar()).map(({ data }) => data)).toEqual(['once', 'next']);
    });

    it('P-107 the same z with another body, the same body with another z, and no z are no repeats', async () => {
      const receiver = await lab.webSocket([newNetwork()]);
      const sender = await lab.polling();
      const to = `~s=${receiver.sessionId}`;
      expect(await sender.upload(`${to}~d=a`, 1)).toBe('~e=0');
      expect(await sender.upload(`${to}~d=b`, 1)).toBe('~e=0');
      expect(await sender.upload(`${to}~d=b`, 2)).toBe('~e=0');
      for (let i = 0; i < 8; i++) {
        expect((await post(lab.address, '/Upload', `~id=${sender.id}${to}~d=c`)).body).toBe('~e=0');
      }
      const data = (await receiver.deliveriesSoFar()).map((delivery) => delivery.data);
      expect(data).toEqual(['a', 'b', 'b', ...'cccccccc']);
    });

    it('P-107 sessions do not share their repeats', async () => {
      const receiver = await lab.webSocket([newNetwork()]);
      const groups = `~s=${receiver.sessionId}~d=same`;
      expect(await (await lab.polling()).upload(groups, 1)).toBe('~e=0');
      expect(await (await lab.polling()).upload(groups, 1)).toBe('~e=0');
      expect(await receiver.deliveriesSoFar()).toHaveLength(2);
    });

    it('P-109 serves session ids before any network set, and answers 0 without recipients', async () => {
      const receiver = await lab.webSocket();
      const sender = await lab.polling();
      expect(await sender.upload('~d=to nobody')).toBe('~e=0');
      expect(await sender.upload(`~s=${receiver.sessionId}~d=to one`)).toBe('~e=0');
      expect((await receiver.deliveriesSoFar()).map(({ data }) => data)).toEqual(['to one']);
    });

    it('P-70 takes z anywhere, and more than once', async () => {
      const receiver = await lab.webSocket();
      const { id } = await lab.polling();
      const to = `~s=${receiver.sessionId}`;
      const bodies = [
        `~z=1~id=${id}${to}~d=first`,
        `~id=${id}~z=2${to}~d=front`,
        `~id=${id}${to}~z=3~d=middle`,
        `~id=${id}${to}~d=a~z=4${to}~d=b~z=4`,
      ];
      for (const body of bodies) expect((await post(lab.address, '/Upload', body)).body).toBe('~e=0');
      const data = (await receiver.deliveriesSoFar()).map((delivery) => delivery.data);
      expect(data).toEqual(['first', 'front', 'middle', 'a', 'b']);
    });

    it.each([
      ['P-56 no data', ''],
      ['P-56 targets without data', '~n=n1~s=99'],
      ['P-30 a lone tilde at the end', '~d=abc~'],
    ])('%s is a protocol error, code 7', async (_name, groups) => {
      const { id } = await lab.polling();
      expect((await post(lab.address, '/Upload', `~id=${id}${groups}`)).body).toBe('~e=7');
    });

    it('V-28 answers 12 to an unknown id, 12 or 7 to none', async () => {
      expect((await post(lab.address, '/Upload', '~id=99sXx~d=x~z=0')).body).toBe('~e=12');
      expect((await post(lab.address, '/Upload', '~d=x~z=0')).body).toMatch(/^~e=(7|12)$/);
    });
  });
}
