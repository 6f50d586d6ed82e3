import { describe, expect, it } from 'vitest';
import { parseJsonLine } from '../../../src/cli/frames-json';
import { parseFrameLine } from '../../../src/cli/frames-lines';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('a line typed to webifi frames', () => {
  it.each([
    ['hello there', { type: 'send', data: 'hello there', fin: true, place: 'first' }],
    ['', { type: 'send', data: '', fin: true, place: 'first' }],
    ['//close', { type: 'send', data: '/close', fin: true, place: 'first' }],
    ['/hex 00 fF', { type: 'send', data: bytes(0, 255), fin: true, place: 'first' }],
    ['/hex', { type: 'send', data: bytes(), fin: true, place: 'first' }],
    ['/start a b', { type: 'send', data: 'a b', fin: false, place: 'first' }],
    ['/continue', { type: 'send', data: '', fin: false, place: 'later' }],
    ['/finish c', { type: 'send', data: 'c', fin: true, place: 'later' }],
    ['/start-hex 01', { type: 'send', data: bytes(1), fin: false, place: 'first' }],
    ['/continue-hex 02', { type: 'send', data: bytes(2), fin: false, place: 'later' }],
    ['/finish-hex 03', { type: 'send', data: bytes(3), fin: true, place: 'later' }],
    ['/ping', { type: 'ping', data: '' }],
    ['/ping are you there', { type: 'ping', data: 'are you there' }],
    ['/pong', { type: 'pong' }],
    ['/close', { type: 'close', code: undefined, reason: '' }],
    ['/close 3001', { type: 'close', code: 3001, reason: '' }],
    ['/close 1000 good bye', { type: 'close', code: 1000, reason: 'good bye' }],
    ['/auto-pong off', { type: 'set', autoPong: false }],
    ['/auto-close on', { type: 'set', autoClose: true }],
    ['/help', { type: 'help' }],
    ['quit', { type: 'quit' }],
    ['/quit', { type: 'quit' }],
  ])('%j is understood', (line, action) => {
    expect(parseFrameLine(line)).toEqual(action);
  });

  it.each([
    ['/hex 0', 'pairs of hexadecimal digits'],
    ['/finish-hex xyz', 'pairs of hexadecimal digits'],
    ['/close bye', 'code before its reason'],
    ['/close 123456', 'code before its reason'],
    ['/auto-pong maybe', 'on or off'],
    ['/tea', '/tea is not known'],
  ])('%j is refused, and why', (line, why) => {
    const action = parseFrameLine(line);
    expect(action.type === 'invalid' && action.problem).toContain(why);
  });
});

describe('a line of JSON given to webifi frames', () => {
  it.each([
    ['{"type":"send","text":"a"}', { type: 'send', data: 'a', fin: true, place: 'any' }],
    ['{"type":"send","text":"","fin":false}', { type: 'send', data: '', fin: false, place: 'any' }],
    ['{"type":"send","data":"AP8="}', { type: 'send', data: bytes(0, 255), fin: true, place: 'any' }],
    ['{"type":"ping"}', { type: 'ping', data: '' }],
    ['{"type":"ping","data":"AQ=="}', { type: 'ping', data: bytes(1) }],
    ['{"type":"pong"}', { type: 'pong' }],
    ['{"type":"close"}', { type: 'close', code: undefined, reason: '' }],
    ['{"type":"close","code":1000,"reason":"x"}', { type: 'close', code: 1000, reason: 'x' }],
    ['{"type":"set","autoPong":false,"autoClose":true}', { type: 'set', autoPong: false, autoClose: true }],
    ['{"type":"quit"}', { type: 'quit' }],
  ])('%s is understood', (line, action) => {
    expect(parseJsonLine(line)).toEqual(action);
  });

  it.each([
    ['{', 'no JSON object'],
    ['{}', '"type" has to be one of send, ping, pong, close, set, quit'],
    ['{"type":"__proto__"}', '"type" has to be one of'],
    ['{"type":"send"}', 'give "text", or "data"'],
    ['{"type":"send","text":"a","data":"AA=="}', 'give "text", or "data"'],
    ['{"type":"send","text":7}', '"text" has to be a string'],
    ['{"type":"send","data":"A"}', '"data" is no base64'],
    ['{"type":"send","data":"-_=="}', '"data" is no base64'],
    ['{"type":"send","text":"a","fin":1}', '"fin" has to be true or false'],
    ['{"type":"close","code":"1000"}', '"code" has to be a number'],
    ['{"type":"pong","text":"a"}', '"pong" has no member "text"'],
  ])('%s is refused, and why', (line, why) => {
    const action = parseJsonLine(line);
    expect(action.type === 'invalid' && action.problem).toContain(why);
  });
});
