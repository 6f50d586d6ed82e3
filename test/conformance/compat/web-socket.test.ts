import { describe, expect, it } from 'vitest';
import { BinData, Rest, StringBuilder, WebSocket } from '../../../src/compat';
import { binary, close, frame, more, ping, pong, text } from '../frames/frame-bytes';
import { onePeer, RawServer, type RawPeer } from '../frames-client/raw-server';
import { withWebSocket } from './lab';

const shown = (payload: Uint8Array | undefined) => new TextDecoder().decode(payload);

/** Reads until a message is whole; the opcodes that came. */
async function readMessage(ws: WebSocket): Promise<string[]> {
  const opcodes: string[] = [];
  do {
    expect(await ws.ReadFrame(), ws.LastErrorText).toBe(true);
    opcodes.push(ws.FrameOpcode);
  } while (!ws.FinalFrame);
  return opcodes;
}

describe('compat: W1, the opening handshake', () => {
  it('UseConnection, AddClientHeaders, ValidateServerHandshake: a WebSocket with a subprotocol', async () => {
    const { server, peer } = await onePeer();
    const rest = new Rest();
    const ws = new WebSocket();
    expect([await rest.Connect('127.0.0.1', server.port, false, false), rest.ConnectFailReason]).toEqual([true, 0]);
    expect([ws.UseConnection(rest), ws.AddClientHeaders()]).toEqual([true, true]);
    expect(rest.AddHeader('Sec-WebSocket-Protocol', 'chat')).toBe(true);
    expect(rest.AddHeader('Origin', 'http://example.test')).toBe(true);
    const asking = rest.FullRequestNoBody('GET', '/echo');
    const raw = await peer;
    raw.write(raw.answer({ headers: ['Sec-WebSocket-Protocol: chat'] }));
    expect([await asking, rest.LastMethodSuccess, rest.ResponseStatusCode]).toEqual(['', true, 101]);
    expect(rest.LastRequestHeader).toMatch(/^Sec-WebSocket-Key: [+/0-9A-Za-z]{22}==\r$/m);
    expect(raw.request.line).toBe('GET /echo HTTP/1.1');
    const names = ['Host', 'Upgrade', 'Connection', 'Sec-WebSocket-Version', 'Origin'];
    expect(names.map((name) => raw.request.header(name))).toEqual([
      ...[`127.0.0.1:${server.port}`, 'websocket', 'Upgrade', '13', 'http://example.test'],
    ]);
    expect(ws.IsConnected).toBe(false);
    expect([await ws.ValidateServerHandshake(), ws.IsConnected]).toEqual([true, true]);
    expect(await ws.ValidateServerHandshake()).toBe(false);
    ws.CloseConnection();
    await server.stop();
  });

  it('negative twin: 403 with a body gives the body, and ValidateServerHandshake is false', async () => {
    const { server, peer } = await onePeer();
    const rest = new Rest();
    const ws = new WebSocket();
    await rest.Connect('127.0.0.1', server.port, false, false);
    ws.UseConnection(rest);
    ws.AddClientHeaders();
    const asking = rest.FullRequestNoBody('GET', '/');
    (await peer).write('HTTP/1.1 403 Not for you\r\nContent-Length: 6\r\nX-Why: rules\r\n\r\nno way');
    expect([await asking, rest.ResponseStatusCode, rest.ResponseStatusText]).toEqual(['no way', 403, 'Not for you']);
    expect([rest.NumResponseHeaders, rest.ResponseHdrByName('x-why')]).toEqual([2, 'rules']);
    expect([rest.ResponseHdrName(1), rest.ResponseHdrValue(1), rest.ResponseHdrName(2)]).toEqual([
      ...['X-Why', 'rules', null],
    ]);
    expect(await ws.ValidateServerHandshake()).toBe(false);
    expect([ws.IsConnected, ws.LastMethodSuccess]).toEqual([false, false]);
    expect(ws.LastErrorText).toMatch(/code: HANDSHAKE_REJECTED[^]*Failed\.\n {2}--ValidateServerHandshake\n--/);
    await server.stop();
  });

  it('ValidateServerHandshake refuses an answer to another key, and closes the connection', async () => {
    const { server, peer } = await onePeer();
    const rest = new Rest();
    const ws = new WebSocket();
    await rest.Connect('127.0.0.1', server.port, false, false);
    ws.UseConnection(rest);
    ws.AddClientHeaders();
    const asking = rest.FullRequestNoBody('GET', '/');
    const raw = await peer;
    raw.write(raw.answer({ headers: ['Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo='] }));
    expect([await asking, await ws.ValidateServerHandshake()]).toEqual(['', false]);
    expect(ws.LastErrorText).toContain('HANDSHAKE_INVALID');
    await raw.ended();
    await server.stop();
  });

  it('AddClientHeaders twice: the second key replaces the first and the answer is checked against it', async () => {
    const { server, peer } = await onePeer();
    const rest = new Rest();
    const ws = new WebSocket();
    await rest.Connect('127.0.0.1', server.port, false, false);
    ws.UseConnection(rest);
    ws.AddClientHeaders();
    ws.AddClientHeaders();
    const asking = rest.FullRequestNoBody('GET', '/');
    const raw = await peer;
    expect(raw.request.headers.filter(([name]) => name === 'Sec-WebSocket-Key')).toHaveLength(1);
    raw.write(raw.answer());
    await asking;
    expect(await ws.ValidateServerHandshake()).toBe(true);
    ws.CloseConnection();
    await server.stop();
  });
});

describe('compat: W3, a message in three frames', () => {
  it('SendFrame, ReadFrame, FinalFrame, FrameOpcode, FrameDataLen, GetFrameData', () =>
    withWebSocket(async ({ ws, peer }) => {
      for (const [line, fin] of [['one\n', false], ['two\n', false], ['three\n', true]] as const) {
        expect(await ws.SendFrame(line, fin)).toBe(true);
      }
      const seen = await peer.frames(3);
      expect(seen.map(({ opcode, fin, masked }) => [opcode, fin, masked])).toEqual([
        [1, false, true],
        [0, false, true],
        [0, true, true],
      ]);
      const keys = [2, 12, 22].map((at) => Buffer.from(peer.received.slice(at, at + 4)).toString('hex'));
      expect(new Set(keys).size).toBe(3);
      peer.write(text('one\n', false), more('two\n', false), more('three\n', true));
      const steps: unknown[] = [];
      do {
        expect(await ws.ReadFrame()).toBe(true);
        steps.push([ws.FrameOpcode, ws.FrameOpcodeInt, ws.FrameDataLen, ws.FinalFrame]);
      } while (!ws.FinalFrame);
      expect(steps).toEqual([
        ['Text', 1, 4, false],
        ['Continuation', 0, 8, false],
        ['Continuation', 0, 14, true],
      ]);
      expect([ws.GetFrameData(), ws.FrameDataLen, ws.GetFrameData()]).toEqual(['one\ntwo\nthree\n', 0, '']);
    }));

  it('an echo that joins the frames: one Text frame, FinalFrame at once', () =>
    withWebSocket(async ({ ws, peer }) => {
      peer.write(text('one\ntwo\nthree\n', true));
      expect([await readMessage(ws), ws.FinalFrame, ws.GetFrameData()]).toEqual([
        ...[['Text'], true, 'one\ntwo\nthree\n'],
      ]);
    }));

  it('D-2: GetFrameDataSb and GetFrameDataBd add to what is there; a message that nobody fetched stays', () =>
    withWebSocket(async ({ ws, peer }) => {
      const [sb, bd] = [new StringBuilder(), new BinData()];
      sb.Append('>');
      bd.AppendBinary(Uint8Array.of(9));
      peer.write(text('a', true), text('b', true), binary(Uint8Array.of(1, 2)));
      await readMessage(ws);
      await readMessage(ws);
      expect([ws.GetFrameDataSb(sb), sb.GetAsString(), ws.FrameDataLen]).toEqual([true, '>ab', 0]);
      expect(await readMessage(ws)).toEqual(['Binary']);
      expect([ws.GetFrameDataBd(bd), bd.GetEncoded('hex')]).toEqual([true, '090102']);
      expect([ws.GetFrameDataBd(bd), bd.NumBytes]).toEqual([true, 3]);
    }));

  it('D-8: GetFrameData leaves a character that is cut for the next call', () =>
    withWebSocket(async ({ ws, peer }) => {
      const bytes = new TextEncoder().encode('a€b');
      peer.write(text(bytes.slice(0, 3), false), more(bytes.slice(3), true));
      await ws.ReadFrame();
      expect([ws.GetFrameData(), ws.FrameDataLen]).toEqual(['a', 2]);
      await ws.ReadFrame();
      expect([ws.GetFrameData(), ws.FrameDataLen]).toEqual(['€b', 0]);
    }));

  it('D-4, D-5: SendFrame with nothing, with half a character, SendFrameSb, and SendFrameBd inside a text', () =>
    withWebSocket(async ({ ws, peer }) => {
      const [sb, bd] = [new StringBuilder(), new BinData()];
      sb.Append('sb');
      bd.AppendString('€', 'utf-8');
      const sent = [
        await ws.SendFrame('', false),
        await ws.SendFrame('\ud83d', false),
        await ws.SendFrame('\ude00', false),
        await ws.SendFrameSb(sb, false),
        await ws.SendFrameBd(bd, true),
        await ws.SendFrameBd(bd, false),
        await ws.SendFrame('x', true),
      ];
      expect(sent).toEqual(Array(7).fill(true));
      const frames = await peer.frames(7);
      expect(frames.map(({ opcode, fin, payload }) => [opcode, fin, shown(payload)])).toEqual([
        [1, false, ''],
        [0, false, ''],
        [0, false, '😀'],
        [0, false, 'sb'],
        [0, true, '€'],
        [2, false, '€'],
        [0, true, 'x'],
      ]);
      expect([sb.GetAsString(), bd.NumBytes]).toEqual(['sb', 3]);
    }));
});

describe('compat: W4, control frames in the middle', () => {
  it('SendPing between frames; PongAutoConsume passes the Pong over and PongConsumed says so', () =>
    withWebSocket(async ({ ws, peer }) => {
      expect([await ws.SendFrame('a', false), await ws.SendPing('hello'), await ws.SendFrame('b', true)]).toEqual([
        ...[true, true, true],
      ]);
      const frames = await peer.frames(3);
      expect(frames.map(({ opcode, fin, payload }) => [opcode, fin, shown(payload)])).toEqual([
        [1, false, 'a'],
        [9, true, 'hello'],
        [0, true, 'b'],
      ]);
      peer.write(text('a', false), pong('hello'), more('b', true));
      await ws.ReadFrame();
      expect(ws.PongConsumed).toBe(false);
      await ws.ReadFrame();
      expect([ws.FrameOpcode, ws.PongConsumed, ws.GetFrameData()]).toEqual(['Continuation', true, 'ab']);
      peer.write(text('c', true));
      await ws.ReadFrame();
      expect(ws.PongConsumed).toBe(false);
    }));

  it('D-1: without PongAutoConsume a Pong is delivered, FinalFrame and the data stay as they are', () =>
    withWebSocket(async ({ ws, peer }) => {
      ws.PongAutoConsume = false;
      expect(ws.PongAutoConsume).toBe(false);
      peer.write(text('data', false), pong('hello'), more('!', true));
      await ws.ReadFrame();
      await ws.ReadFrame();
      expect([ws.FrameOpcode, ws.FrameOpcodeInt, ws.FinalFrame, ws.FrameDataLen]).toEqual(['Pong', 10, false, 4]);
      expect([ws.GetFrameData(), ws.FrameDataLen]).toEqual(['hello', 4]);
      await ws.ReadFrame();
      expect([ws.FinalFrame, ws.GetFrameData()]).toEqual([true, 'data!']);
    }));

  it('D-3: PingAutoRespond answers with the same payload while nobody reads', () =>
    withWebSocket(async ({ ws, peer }) => {
      peer.write(ping('are you there'));
      const [answer] = await peer.frames(1);
      expect([answer?.opcode, shown(answer?.payload), ws.NeedSendPong]).toEqual([10, 'are you there', false]);
    }));

  it('without PingAutoRespond a Ping is delivered, NeedSendPong is set, and SendPong answers it', () =>
    withWebSocket(
      async ({ ws, peer }) => {
        expect(ws.PingAutoRespond).toBe(false);
        peer.write(ping('p1'));
        await ws.ReadFrame();
        expect([ws.FrameOpcode, ws.NeedSendPong]).toEqual(['Ping', true]);
        expect([await ws.SendPong(), ws.NeedSendPong, await ws.SendPong()]).toEqual([true, false, true]);
        const pongs = await peer.frames(2);
        expect(pongs.map(({ opcode, payload }) => [opcode, shown(payload)])).toEqual([
          [10, 'p1'],
          [10, ''],
        ]);
      },
      (ws) => (ws.PingAutoRespond = false),
    ));

  it('D-10, F-66: SendPing and SendClose cut what is too long in front of a character', () =>
    withWebSocket(async ({ ws, peer }) => {
      expect(await ws.SendPing('€'.repeat(42))).toBe(true);
      expect(await ws.SendClose(true, 1000, `${'€'.repeat(40)}ab€`)).toBe(true);
      const [pinged, closed] = await peer.frames(2);
      expect(shown(pinged?.payload)).toBe('€'.repeat(41));
      expect(shown(closed?.payload.slice(2))).toBe(`${'€'.repeat(40)}ab`);
    }));
});

describe('compat: W6, closing', () => {
  it('D-11, D-12: nothing is sent after SendClose; the peer’s Close ends it and says why', () =>
    withWebSocket(async ({ ws, peer }) => {
      expect([await ws.SendClose(true, 1000, 'Closing'), await ws.SendFrame('x', true)]).toEqual([true, false]);
      expect(ws.LastErrorText).toContain('CLOSE_SENT');
      expect(await ws.SendClose(true, 1000, '')).toBe(false);
      const [sent] = await peer.frames(1);
      expect([sent?.opcode, shown(sent?.payload.slice(2))]).toEqual([8, 'Closing']);
      peer.write(close(1000, 'ok'));
      expect([await ws.ReadFrame(), ws.FrameOpcode, ws.FrameOpcodeInt]).toEqual([true, 'Close', 8]);
      expect([ws.CloseReceived, ws.CloseStatusCode, ws.CloseReason]).toEqual([true, 1000, 'ok']);
      expect(ws.IsConnected).toBe(false);
      expect(await peer.frames()).toHaveLength(1);
      expect([await ws.ReadFrame(), ws.ReadFrameFailReason]).toEqual([false, 3]);
    }));

  it('D-19: a connection that is lost is not made again, whatever autoReconnect says', async () => {
    const peers: RawPeer[] = [];
    const server = await RawServer.start((peer) => {
      peers.push(peer);
      peer.write(peer.answer());
    });
    const [rest, ws] = [new Rest(), new WebSocket()];
    expect(await rest.Connect('127.0.0.1', server.port, false, true)).toBe(true);
    expect([ws.UseConnection(rest), ws.AddClientHeaders()]).toEqual([true, true]);
    await rest.FullRequestNoBody('GET', '/');
    expect(await ws.ValidateServerHandshake()).toBe(true);
    peers[0]?.socket.destroy();
    expect([await ws.ReadFrame(), ws.ReadFrameFailReason, ws.IsConnected]).toEqual([false, 3, false]);
    expect(await ws.SendFrame('x', true)).toBe(false);
    expect(peers).toHaveLength(1);
    await server.stop();
  });

  it('CloseAutoRespond answers the server’s Close with its code and ends the connection', () =>
    withWebSocket(async ({ ws, peer }) => {
      peer.write(close(1001, 'bye'));
      expect([await ws.ReadFrame(), ws.FrameOpcode, ws.CloseStatusCode, ws.CloseReason]).toEqual([
        ...[true, 'Close', 1001, 'bye'],
      ]);
      expect(ws.IsConnected).toBe(false);
      const [answer] = await peer.frames();
      expect([answer?.opcode, [...(answer?.payload ?? [])]]).toEqual([8, [3, 233]]);
    }));

  it('without CloseAutoRespond nothing is sent until SendClose, which ends the connection', () =>
    withWebSocket(async ({ ws, peer }) => {
      ws.CloseAutoRespond = false;
      expect(ws.CloseAutoRespond).toBe(false);
      peer.write(close(1001, 'bye'));
      expect([await ws.ReadFrame(), ws.CloseReceived, ws.IsConnected]).toEqual([true, true, true]);
      expect([await ws.SendClose(true, 1000, ''), ws.IsConnected]).toEqual([true, false]);
      const frames = await peer.frames();
      expect(frames.map(({ payload }) => [...payload])).toEqual([[3, 232]]);
    }));

  it('D-9, F-66: SendClose takes every code to 16383, none beyond; without a status the body is empty', async () => {
    await withWebSocket(async ({ ws, peer }) => {
      expect([await ws.SendClose(true, -1, ''), await ws.SendClose(true, 16_384, '')]).toEqual([false, false]);
      expect(await ws.SendClose(true, 16_383, '')).toBe(true);
      expect((await peer.frames(1)).map(({ payload }) => [...payload])).toEqual([[63, 255]]);
    });
    await withWebSocket(async ({ ws, peer }) => {
      expect(await ws.SendClose(false, 99_999, 'not sent')).toBe(true);
      expect((await peer.frames(1)).map(({ opcode, payload }) => [opcode, payload.length])).toEqual([[8, 0]]);
    });
  });

  it('CloseConnection ends TCP without a Close', () =>
    withWebSocket(async ({ ws, peer }) => {
      expect([ws.CloseConnection(), ws.IsConnected, ws.CloseConnection()]).toEqual([true, false, true]);
      expect(await peer.frames()).toEqual([]);
    }));
});

describe('compat: W6, reads that fail', () => {
  it('D-6: IdleTimeoutMs gives ReadFrameFailReason 1 and the next read goes on', () =>
    withWebSocket(
      async ({ ws, peer }) => {
        const begin = performance.now();
        expect([await ws.ReadFrame(), ws.ReadFrameFailReason, ws.IsConnected]).toEqual([false, 1, true]);
        // Timers may be a millisecond early; a slow machine makes it longer.
        expect(performance.now() - begin).toBeGreaterThan(198);
        ws.IdleTimeoutMs = 0;
        peer.write(text('late', true));
        expect([await ws.ReadFrame(), ws.ReadFrameFailReason, ws.GetFrameData()]).toEqual([true, 0, 'late']);
        ws.IdleTimeoutMs = -1;
        expect([ws.IdleTimeoutMs, ws.LastMethodSuccess]).toEqual([0, false]);
      },
      (ws) => (ws.IdleTimeoutMs = 200),
    ));

  it('D-6: a frame that drips byte by byte is read without IdleTimeoutMs being over', () =>
    withWebSocket(
      async ({ ws, peer }) => {
        const reading = ws.ReadFrame();
        for (const byte of text('dripped', true)('client')) {
          peer.write(Uint8Array.of(byte));
          await new Promise((resolve) => setTimeout(resolve, 80));
        }
        expect([await reading, ws.ReadFrameFailReason, ws.GetFrameData()]).toEqual([true, 0, 'dripped']);
      },
      (ws) => (ws.IdleTimeoutMs = 500),
    ));

  it('a lost connection gives ReadFrameFailReason 3, no CloseReceived and no CloseStatusCode', () =>
    withWebSocket(async ({ ws, peer }) => {
      peer.socket.destroy();
      expect([await ws.ReadFrame(), ws.ReadFrameFailReason]).toEqual([false, 3]);
      expect([ws.CloseReceived, ws.CloseStatusCode, ws.IsConnected]).toEqual([false, 0, false]);
    }));

  it.each([
    ['a reserved bit', frame({ opcode: 1, payload: 'x', rsv: 4 })],
    ['a mask', frame({ opcode: 1, payload: 'x', masked: true })],
  ])('D-13: %s gives ReadFrameFailReason 4 and then 3; the server sees Close 1002', (_, invalid) =>
    withWebSocket(async ({ ws, peer }) => {
      peer.write(invalid);
      expect([await ws.ReadFrame(), ws.ReadFrameFailReason]).toEqual([false, 4]);
      expect([await ws.ReadFrame(), ws.ReadFrameFailReason]).toEqual([false, 3]);
      const [sent] = await peer.frames();
      expect([sent?.opcode, [...(sent?.payload ?? [])]]).toEqual([8, [3, 234]]);
    }));

  it('D-16: a second ReadFrame at once is refused and does not disturb the first', () =>
    withWebSocket(async ({ ws, peer }) => {
      const first = ws.ReadFrame();
      expect([await ws.ReadFrame(), ws.ReadFrameFailReason]).toEqual([false, 99]);
      peer.write(text('x', true));
      expect([await first, ws.ReadFrameFailReason]).toEqual([true, 0]);
    }));

  it('D-7: PollDataAvailable is true once a whole frame waits, and leaves LastMethodSuccess true', () =>
    withWebSocket(async ({ ws, peer }) => {
      expect([ws.PollDataAvailable(), ws.LastMethodSuccess]).toEqual([false, true]);
      const whole = text('x', true)('client');
      peer.write(text('first', true), whole.slice(0, 1));
      await ws.ReadFrame();
      expect(ws.PollDataAvailable()).toBe(false);
      peer.write(whole.slice(1), ping('flush'));
      await peer.frames(1);
      expect(ws.PollDataAvailable()).toBe(true);
    }));

  it('UseConnection begins anew: nothing of the old connection is left', () =>
    withWebSocket(async ({ ws, peer }) => {
      peer.write(text('x', true));
      await ws.ReadFrame();
      expect(ws.UseConnection(new Rest())).toBe(true);
      expect([ws.FrameOpcode, ws.FrameDataLen, ws.FinalFrame, ws.IsConnected]).toEqual(['', 0, false, false]);
    }));
});
