import { describe, expect, it } from 'vitest';
import { Harness, lines } from '../../helpers/session-harness';

const polling = { useWebSocket: false };

describe('a session over long polling', () => {
  it('V-42 V-43 P-108 sets its networks with a download and is connected once they are confirmed', () => {
    const h = new Harness({ ...polling, networkNames: ['n1', 'n2'] });
    h.start();
    expect(lines(h.login())).toEqual(['post http://h:2/Download ~id=101sAb3~n=n1~n=n2~z=0']);
    expect(h.session.shownState).toBe('connecting');
    expect(lines(h.answer('/Download', '~e=4'))).toEqual([
      'post http://h:2/Download ~id=101sAb3~z=1',
      'connecting > connected (attached)',
    ]);
  });

  it('P-69 P-108 without networks it is connected with the first download', () => {
    const h = new Harness({ ...polling, networkNames: [] });
    h.start();
    expect(lines(h.login())).toEqual(['post http://h:2/Download ~id=101sAb3~z=0', 'connecting > connected (attached)']);
  });

  it('V-44 names its timeout unless it is the default', () => {
    const h = new Harness({ ...polling, downloadTimeout: 60 }).run();
    expect(lines([h.post('/Download')])).toEqual(['post http://h:2/Download ~id=101sAb3~t=60~z=1']);
  });

  it('V-43 V-11 P-36 delivers what a download brings and polls again; 16 polls again', () => {
    const h = new Harness(polling).run();
    expect(lines(h.answer('/Download', '~e=0~f=102~dt=t~d=hello~f=103~d=~z=0'))).toEqual([
      'post http://h:2/Download ~id=101sAb3~z=2',
      'message 102 t hello',
      'message 103  ',
    ]);
    h.pass(120_000);
    expect(lines(h.answer('/Download', '~e=16'))).toEqual(['post http://h:2/Download ~id=101sAb3~z=3']);
    expect(h.session.counters.download).toBe(2);
  });

  it('a relay that answers empty at once is not hammered', () => {
    const h = new Harness(polling).run();
    expect(lines(h.answer('/Download', '~e=16'))).toEqual([]);
    expect(lines(h.pass(1000))).toEqual(['post http://h:2/Download ~id=101sAb3~z=2']);
  });

  it('V-46 uploads one batch at a time, beside the download', () => {
    const h = new Harness(polling).run();
    h.send('a');
    expect(lines(h.pump())).toEqual(['post http://h:1/Upload ~id=101sAb3~d=a~z=0']);
    h.send('b');
    expect(lines(h.pump())).toEqual([]);
    expect(lines(h.answer('/Upload', '~e=0'))).toEqual(['settled 0', 'post http://h:1/Upload ~id=101sAb3~d=b~z=1']);
    expect(lines(h.answer('/Upload', '~e=2'))).toEqual(['settled 2']);
  });

  it.each([
    ['1', '~e=1', 200, 1],
    ['7', '~e=7', 200, 7],
    ['20', '~e=20', 200, 20],
    ['an unknown code', '~e=99', 200, 3],
    ['no code', '~q=1', 200, 3],
    ['an HTTP status', '', 502, 20],
  ])('P-71 %s: three re-sends with the same counter, then it is reported', (_, body, status, code) => {
    const h = new Harness(polling).run();
    h.send('a');
    h.pump();
    for (let i = 0; i < 3; i++) {
      expect(lines(h.answer('/Upload', body, status))).toEqual([]);
      expect(lines(h.pass(1000))).toEqual(['post http://h:1/Upload ~id=101sAb3~d=a~z=0']);
    }
    expect(lines(h.answer('/Upload', body, status))).toEqual([`settled ${code}`]);
  });

  it('P-71 re-sends stop at the first success', () => {
    const h = new Harness(polling).run();
    h.send('a');
    h.pump();
    h.failPost('/Upload');
    h.pass(1000);
    expect(lines(h.answer('/Upload', '~e=0'))).toEqual(['settled 0']);
    expect(lines(h.pass(20_000))).toEqual([]);
  });

  it('P-72 an upload that never reaches the relay is reported as 20', () => {
    const h = new Harness(polling).run();
    h.send('a', { awaited: false });
    h.pump();
    const effects = [h.failPost('/Upload'), h.pass(1000), h.failPost('/Upload'), h.pass(1000)];
    effects.push(h.failPost('/Upload'), h.pass(1000), h.failPost('/Upload'));
    expect(lines(effects.flat()).filter((line) => line.startsWith('error'))).toEqual(['error 20']);
  });

  it('an upload without an answer is let go and sent again', () => {
    const h = new Harness(polling).run();
    h.send('a');
    h.pump();
    expect(lines(h.pass(17_000))).toEqual(['abort', 'post http://h:1/Upload ~id=101sAb3~d=a~z=0']);
  });

  it('S-17 an upload refused with 12 is sent once more by the new session', () => {
    const h = new Harness(polling).run();
    h.send('a');
    h.pump();
    const effects = lines(h.answer('/Upload', '~e=12'));
    expect(effects).toEqual(['abort', 'connected > reconnecting (gone) in 500']);
    h.pass(500);
    h.input({ type: 'credentials', connectName: 'a', connectPassword: 'b' });
    h.login();
    expect(lines(h.answer('/Download', '~e=4')).at(-1)).toBe('post http://h:1/Upload ~id=101sAb3~d=a~z=1');
  });

  it('S-17 an upload in doubt that got 12 is not sent once more: it may have been delivered', () => {
    const h = new Harness(polling).run();
    h.send('a');
    h.pump();
    h.failPost('/Upload');
    h.pass(1000);
    expect(lines(h.answer('/Upload', '~e=12'))).toEqual(['settled 20']);
  });

  it('S-17 the same after its first try ended with the transport', () => {
    const h = new Harness(polling).run();
    h.send('a');
    h.pump();
    h.failPost('/Download');
    h.pass(500);
    h.answer('/Download', '~e=4');
    expect(lines(h.answer('/Upload', '~e=12'))).toEqual(['settled 20']);
  });

  it('S-7 an upload in doubt is not sent again in the next session', () => {
    const h = new Harness(polling).run();
    h.send('a');
    h.pump();
    h.failPost('/Download');
    const effects = lines(h.pass(500));
    for (let attach = 0; attach < 3; attach++) {
      effects.push(...lines(h.failPost('/Download')), ...lines(h.pass(1000)));
    }
    expect(effects).toContain('settled 20');
    expect(effects.at(-1)).toBe('credentials');
  });

  it('12 on a download leads to a new login', () => {
    const h = new Harness(polling).run();
    expect(lines(h.answer('/Download', '~e=12'))).toEqual(['connected > reconnecting (gone) in 500']);
    expect(h.session.sessionId).toBe('-1');
  });

  it.each([
    ['1', '~e=1', 200, 1],
    ['7', '~e=7', 200, 7],
    ['no code', '~q=1', 200, 3],
    ['garbage', 'hello', 200, 3],
    ['an empty body', '', 200, 3],
    ['V-20 a lone tilde at the end', '~e=0~f=7~d=abc~', 200, 3],
    ['an HTTP status', '', 503, 20],
  ])('P-13 a download that ends in %s is reported and followed by a real pause', (_, body, status, code) => {
    const h = new Harness(polling).run();
    expect(lines(h.answer('/Download', body, status))).toEqual([
      `error ${code}`,
      'connected > reconnecting (lost) in 500',
    ]);
    expect(lines(h.pass(500))).toEqual(['post http://h:2/Download ~id=101sAb3~n=n1~z=2']);
    expect(lines(h.answer('/Download', '~e=4')).at(-1)).toBe('reconnecting > connected (attached) resumed');
  });

  it('T-9 a dead poll is noticed 30 s after its timeout', () => {
    const h = new Harness({ ...polling, downloadTimeout: 10 }).run();
    expect(lines(h.pass(39_999))).toEqual([]);
    expect(lines(h.pass(1))).toEqual(['abort', 'connected > reconnecting (lost) in 500']);
  });

  it('an upload in doubt is repeated with its counter when the session is back, so nothing is lost or doubled', () => {
    const h = new Harness(polling).run();
    h.send('a');
    h.pump();
    expect(lines(h.failPost('/Download'))).toEqual(['abort', 'error 20', 'connected > reconnecting (lost) in 500']);
    h.pass(500);
    expect(lines(h.answer('/Download', '~e=4')).at(-1)).toBe('post http://h:1/Upload ~id=101sAb3~d=a~z=0');
  });

  describe('code 18', () => {
    it('P-111 sooner than 5 s: somebody else uses the id, so a new session', () => {
      const h = new Harness(polling).run();
      h.pass(4999);
      expect(lines(h.answer('/Download', '~e=18'))).toEqual(['connected > reconnecting (gone) in 500']);
    });

    it('V-45 P-112 after 30 s: the timeout becomes 18 s and the next download replaces', () => {
      const h = new Harness(polling).run();
      h.pass(30_000);
      expect(lines(h.answer('/Download', '~e=18'))).toEqual(['post http://h:2/Download ~id=101sAb3~t=18~r=1~z=2']);
      expect(h.session.settings.downloadTimeout).toBe(18);
      h.pass(18_000);
      expect(lines(h.answer('/Download', '~e=16'))).toEqual(['post http://h:2/Download ~id=101sAb3~t=18~z=3']);
    });

    it('P-112 never below 10 s, and never up', () => {
      const h = new Harness({ ...polling, downloadTimeout: 12 }).run();
      h.pass(15_000);
      expect(lines(h.answer('/Download', '~e=18'))).toEqual(['post http://h:2/Download ~id=101sAb3~t=10~r=1~z=2']);
      h.pass(39_000);
      expect(lines(h.answer('/Download', '~e=18'))).toEqual(['post http://h:2/Download ~id=101sAb3~t=10~r=1~z=3']);
    });

    it('P-110 after a failure it is measured from the request before', () => {
      const h = new Harness({ ...polling, networkNames: [] });
      h.start();
      h.login();
      h.pass(40_000);
      h.failPost('/Download');
      h.pass(500);
      expect(lines(h.answer('/Download', '~e=18'))).toEqual(['post http://h:2/Download ~id=101sAb3~t=23~r=1~z=2']);
    });
  });

  describe('run-time switches', () => {
    it('V-48 new networks: the download is cancelled and the next one carries them', () => {
      const h = new Harness(polling).run();
      expect(lines(h.input({ type: 'configure', change: { networkNames: ['x'] } }))).toEqual([
        'post http://h:1/CancelDownload ~id=101sAb3~z=0',
      ]);
      expect(lines(h.answer('/Download', '~e=15'))).toEqual(['post http://h:2/Download ~id=101sAb3~n=x~z=2']);
      h.answer('/CancelDownload', '~e=15');
      expect(lines(h.answer('/Download', '~e=4'))).toEqual(['post http://h:2/Download ~id=101sAb3~z=3']);
    });

    it('data that crosses the cancel is not lost', () => {
      const h = new Harness(polling).run();
      h.input({ type: 'configure', change: { networkNames: ['x'] } });
      expect(lines(h.answer('/Download', '~e=0~f=7~d=a'))).toEqual(
        expect.arrayContaining(['message 7  a', 'post http://h:2/Download ~id=101sAb3~n=x~z=2']),
      );
    });

    it('networks can be emptied', () => {
      const h = new Harness(polling).run();
      h.input({ type: 'configure', change: { networkNames: [] } });
      expect(lines(h.answer('/Download', '~e=15'))).toEqual(['post http://h:2/Download ~id=101sAb3~n=~z=2']);
    });

    it('networks changed twice: the last ones win', () => {
      const h = new Harness(polling).run();
      h.input({ type: 'configure', change: { networkNames: ['x'] } });
      h.answer('/Download', '~e=15');
      h.input({ type: 'configure', change: { networkNames: ['y'] } });
      expect(lines(h.answer('/Download', '~e=4'))).toEqual(['post http://h:2/Download ~id=101sAb3~n=y~z=3']);
    });

    it('a new download timeout: cancelled, and the next one names it', () => {
      const h = new Harness(polling).run();
      expect(lines(h.input({ type: 'configure', change: { downloadTimeout: 30 } }))).toEqual([
        'post http://h:1/CancelDownload ~id=101sAb3~z=0',
      ]);
      expect(lines(h.answer('/Download', '~e=15'))).toEqual(['post http://h:2/Download ~id=101sAb3~t=30~z=2']);
    });

    it('to WebSocket: cancelled, then the same id attaches there', () => {
      const h = new Harness(polling).run();
      h.input({ type: 'configure', change: { useWebSocket: true } });
      h.answer('/CancelDownload', '~e=15');
      expect(lines(h.answer('/Download', '~e=15'))).toEqual(['open ws://h:1/api/WebSocket']);
      expect(lines(h.opened())).toEqual(['text ~id=101sAb3~t=1']);
    });

    it('from WebSocket while that is opened, without networks: connected at once (P-108)', () => {
      const h = new Harness({ networkNames: [] });
      h.start();
      h.login();
      expect(lines(h.input({ type: 'configure', change: { useWebSocket: false } }))).toEqual([
        'close',
        'post http://h:2/Download ~id=101sAb3~z=0',
        'connecting > connected (attached)',
      ]);
    });

    it('a cancel that was answered late does not keep a second change from its own', () => {
      const h = new Harness(polling).run();
      h.input({ type: 'configure', change: { networkNames: ['x'] } });
      h.answer('/Download', '~e=15');
      h.answer('/Download', '~e=4');
      expect(lines(h.input({ type: 'configure', change: { networkNames: ['y'] } }))).toEqual([
        'post http://h:1/CancelDownload ~id=101sAb3~z=0',
      ]);
    });

    it('encryption: cancelled, and the next download goes over TLS with the same id', () => {
      const h = new Harness(polling).run();
      h.input({ type: 'configure', change: { useEncryption: true } });
      expect(lines(h.answer('/Download', '~e=15'))).toEqual(['post https://s:2/Download ~id=101sAb3~n=n1~z=2']);
    });

    it('a cancel that gets nowhere ends the link, not the session', () => {
      const h = new Harness(polling).run();
      h.input({ type: 'configure', change: { networkNames: ['x'] } });
      expect(lines(h.pass(5000))).toEqual(['abort', 'connected > reconnecting (lost) in 500']);
      expect(lines(h.pass(500))).toEqual(['post http://h:2/Download ~id=101sAb3~n=x~z=2']);
    });
  });

  it('V-49 close ends the session and waits for the relay’s word', () => {
    const h = new Harness(polling).run();
    h.send('a');
    h.pump();
    h.input({ type: 'close' });
    expect(lines(h.answer('/Upload', '~e=0'))).toEqual(['settled 0', 'post http://h:1/CancelDownload ~id=101sAb3~ts=1~z=0']);
    expect(lines(h.answer('/Download', '~e=15'))).toEqual([]);
    expect(lines(h.answer('/CancelDownload', '~e=15'))).toEqual(['connected > closed (ended)']);
    expect(h.session.deadline).toBeUndefined();
  });

  it('close is bounded when the relay is silent', () => {
    const h = new Harness(polling).run();
    h.input({ type: 'close' });
    expect(lines(h.pass(5000))).toEqual(['abort', 'connected > closed (due)']);
  });

  it('X-41 a wake signal: a living download ends and is asked again, a dead one is noticed in 3 s', () => {
    const h = new Harness(polling).run();
    expect(lines(h.input({ type: 'resume' }))).toEqual(['post http://h:1/CancelDownload ~id=101sAb3~z=0']);
    expect(lines(h.answer('/Download', '~e=15'))).toEqual(['post http://h:2/Download ~id=101sAb3~z=2']);
    h.answer('/CancelDownload', '~e=15');
    h.pass(10_000);
    h.input({ type: 'resume' });
    h.answer('/CancelDownload', '~e=15');
    expect(lines(h.pass(3000))).toEqual(['abort', 'connected > reconnecting (lost) in 500']);
  });
});
