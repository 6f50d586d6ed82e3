import { describe, expect, it } from 'vitest';
import { findRecipient, parseLine } from '../../../src/cli/chat-lines';

const PEERS = [
  { name: 'lamp', sessionId: '11' },
  { name: 'lamp in the hall', sessionId: '12' },
  { name: 'twin', sessionId: '13' },
  { name: 'twin', sessionId: '14' },
  { name: '', sessionId: '15' },
];

describe('a typed line', () => {
  it.each([
    ['hello there', { type: 'text', text: 'hello there' }],
    ['', { type: 'text', text: '' }],
    [' /list', { type: 'text', text: ' /list' }],
    ['//list', { type: 'text', text: '/list' }],
    ['quit', { type: 'quit' }],
    ['/quit', { type: 'quit' }],
    ['quit now', { type: 'text', text: 'quit now' }],
    ['/list', { type: 'list' }],
    ['/help', { type: 'help' }],
    ['/to lamp on', { type: 'to', rest: 'lamp on' }],
    ['/to', { type: 'to', rest: '' }],
    ['/tea', { type: 'unknown', command: '/tea' }],
  ])('%j is understood', (line, request) => {
    expect(parseLine(line)).toEqual(request);
  });
});

describe('the recipient of a /to line', () => {
  it.each([
    ['lamp on', ['11'], 'on'],
    ['lamp in the hall on', ['12'], 'on'],
    ['lamp in the garden', ['11'], 'in the garden'],
    ['"lamp" in the hall', ['11'], 'in the hall'],
    ['"lamp in the hall"', ['12'], ''],
    ['12 on', ['12'], 'on'],
    ['lamp', ['11'], ''],
    ['lamp  two blanks', ['11'], ' two blanks'],
    ['twin hello', ['13', '14'], 'hello'],
  ])('%j finds the device and leaves the text', (rest, ids, text) => {
    const recipient = findRecipient(rest, PEERS);
    expect(recipient).toMatchObject({ type: 'found', text });
    expect(recipient.type === 'found' ? recipient.peers.map(({ sessionId }) => sessionId) : []).toEqual(ids);
  });

  it.each([
    ['lampshade on', 'lampshade'],
    ['"lamp shade" on', 'lamp shade'],
    ['', ''],
  ])('%j names nobody', (rest, wanted) => {
    expect(findRecipient(rest, PEERS)).toEqual({ type: 'missing', wanted });
  });
});
