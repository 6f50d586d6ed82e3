import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BinData, Rest, Socket, StringBuilder, Task, VERSION, WebSocket } from '../../../src/compat';
import { membersOf } from '../../helpers/members';

const properties = [
  ...['CloseAutoRespond', 'CloseReason', 'CloseReceived', 'CloseStatusCode', 'DebugLogFilePath', 'FinalFrame'],
  ...['FrameDataLen', 'FrameOpcode', 'FrameOpcodeInt', 'IdleTimeoutMs', 'IsConnected', 'LastErrorHtml'],
  ...['LastErrorText', 'LastErrorXml', 'LastMethodSuccess', 'NeedSendPong', 'PingAutoRespond'],
  ...['PongAutoConsume', 'PongConsumed', 'ReadFrameFailReason', 'UncommonOptions', 'VerboseLogging', 'Version'],
];
const methods = [
  ...['AddClientHeaders', 'CloseConnection', 'GetFrameData', 'GetFrameDataBd', 'GetFrameDataSb'],
  ...['LoadTaskCaller', 'PollDataAvailable', 'ReadFrame', 'ReadFrameAsync', 'SendClose', 'SendCloseAsync'],
  ...['SendFrame', 'SendFrameAsync', 'SendFrameBd', 'SendFrameBdAsync', 'SendFrameSb', 'SendFrameSbAsync'],
  ...['SendPing', 'SendPingAsync', 'SendPong', 'SendPongAsync', 'UseConnection', 'ValidateServerHandshake'],
];

describe('compat: members', () => {
  it('WebSocket has exactly the 23 properties and 23 methods of the seed', () => {
    expect([properties.length, methods.length]).toEqual([23, 23]);
    expect(membersOf(new WebSocket())).toEqual({ properties: properties.sort(), methods: methods.sort() });
  });

  it.each([
    ['CloseAutoRespond', true],
    ['CloseReason', ''],
    ['CloseReceived', false],
    ['CloseStatusCode', 0],
    ['DebugLogFilePath', ''],
    ['FinalFrame', false],
    ['FrameDataLen', 0],
    ['FrameOpcode', ''],
    ['FrameOpcodeInt', 0],
    ['IdleTimeoutMs', 30_000],
    ['IsConnected', false],
    ['NeedSendPong', false],
    ['PingAutoRespond', true],
    ['PongAutoConsume', true],
    ['PongConsumed', false],
    ['ReadFrameFailReason', 0],
    ['UncommonOptions', ''],
    ['VerboseLogging', false],
  ] as const)('W1: %s begins as %j', (name, value) => {
    expect(new WebSocket()[name]).toBe(value);
  });

  it('Version is the one in package.json, on every class', () => {
    const manifest = JSON.parse(
      readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    expect(VERSION).toBe(manifest.version);
    for (const Class of [WebSocket, Rest, Socket, BinData, StringBuilder, Task]) {
      expect(new Class().Version).toBe(VERSION);
    }
  });

  it('without a connection every method says false and why, and none throws', async () => {
    const ws = new WebSocket();
    const bd = new BinData();
    const sb = new StringBuilder();
    const tried = {
      UseConnection: ws.UseConnection(null as unknown as Rest),
      AddClientHeaders: ws.AddClientHeaders(),
      ValidateServerHandshake: await ws.ValidateServerHandshake(),
      SendFrame: await ws.SendFrame('x', true),
      SendFrameBd: await ws.SendFrameBd(bd, true),
      SendFrameSb: await ws.SendFrameSb(sb, true),
      SendPing: await ws.SendPing('x'),
      SendPong: await ws.SendPong(),
      SendClose: await ws.SendClose(true, 1000, ''),
      LoadTaskCaller: ws.LoadTaskCaller(new Task()),
      PollDataAvailable: ws.PollDataAvailable(),
      ReadFrame: await ws.ReadFrame(),
    };
    expect(Object.entries(tried).filter(([, result]) => result)).toEqual([]);
    expect([ws.LastMethodSuccess, ws.ReadFrameFailReason]).toEqual([false, 3]);
    expect(ws.LastErrorText).toContain('error: The WebSocket is not connected.');
    expect(ws.CloseConnection()).toBe(true);
    expect([ws.GetFrameData(), ws.LastMethodSuccess]).toEqual(['', true]);
  });
});
