import { describe, expect, it } from 'vitest';
import {
  acceptDeflateOffer,
  checkDeflateAnswer,
  formatDeflateOffers,
  type DeflateAcceptOptions,
  type DeflateOffer,
} from '../../../src/frames/deflate-offer';

const NAME = 'permessage-deflate';
const header = (value: string): [string, string][] => [['Sec-WebSocket-Extensions', value]];
const agreed = (server: boolean, client: boolean, serverBits: number, clientBits: number) => ({
  serverNoContextTakeover: server,
  clientNoContextTakeover: client,
  serverMaxWindowBits: serverBits,
  clientMaxWindowBits: clientBits,
});

const PLAIN: DeflateOffer = {};
const ASKABLE: DeflateOffer = { clientMaxWindowBits: true };
const ALL: DeflateOffer = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 10,
  clientMaxWindowBits: 12,
};

describe('offers for compression', () => {
  it.each<[DeflateOffer[], string]>([
    [[PLAIN], NAME],
    [[ASKABLE], `${NAME}; client_max_window_bits`],
    [
      [ALL],
      `${NAME}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=12`,
    ],
    [[{ serverMaxWindowBits: 8 }, PLAIN], `${NAME}; server_max_window_bits=8, ${NAME}`],
  ])('%j is written as %s', (offers, value) => {
    expect(formatDeflateOffers(offers)).toBe(value);
  });

  it.each([7, 16, 8.5, NaN])('window bits of %d are refused', (bits) => {
    expect(() => formatDeflateOffers([{ serverMaxWindowBits: bits }])).toThrow(RangeError);
    expect(() => formatDeflateOffers([{ clientMaxWindowBits: bits }])).toThrow(RangeError);
    expect(() => acceptDeflateOffer([], { serverMaxWindowBits: bits })).toThrow(RangeError);
    expect(() => acceptDeflateOffer([], { clientMaxWindowBits: bits })).toThrow(RangeError);
  });

  it('an empty list is refused', () => {
    expect(() => formatDeflateOffers([])).toThrow(TypeError);
  });
});

describe('F-67: the answer to offers', () => {
  it.each<[DeflateOffer[], string, ReturnType<typeof agreed>]>([
    [[PLAIN], NAME, agreed(false, false, 15, 15)],
    [[PLAIN], 'Permessage-Deflate', agreed(false, false, 15, 15)],
    [[PLAIN], `${NAME}; server_no_context_takeover`, agreed(true, false, 15, 15)],
    [[PLAIN], `${NAME};client_no_context_takeover`, agreed(false, true, 15, 15)],
    [[PLAIN], `${NAME}; server_max_window_bits=8`, agreed(false, false, 8, 15)],
    [[PLAIN], `${NAME}; server_max_window_bits = "9"`, agreed(false, false, 9, 15)],
    [[ASKABLE], `${NAME}; client_max_window_bits=9`, agreed(false, false, 15, 9)],
    [[ASKABLE], NAME, agreed(false, false, 15, 15)],
    [[{ clientMaxWindowBits: 11 }], NAME, agreed(false, false, 15, 11)],
    [[{ clientNoContextTakeover: true }], NAME, agreed(false, true, 15, 15)],
    [
      [ALL],
      `${NAME}; server_no_context_takeover; server_max_window_bits=9; client_max_window_bits=10`,
      agreed(true, true, 9, 10),
    ],
    [[ALL, PLAIN], NAME, agreed(false, false, 15, 15)],
    [
      [{ serverMaxWindowBits: 9 }, ASKABLE],
      `${NAME}; client_max_window_bits=10`,
      agreed(false, false, 15, 10),
    ],
  ])('%j answered with "%s" is agreed', (offers, value, deflate) => {
    expect(checkDeflateAnswer(offers, header(value))).toEqual({ ok: true, deflate });
  });

  it('no extension in the answer means no compression', () => {
    expect(checkDeflateAnswer([PLAIN], [])).toEqual({ ok: true, deflate: undefined });
    expect(checkDeflateAnswer([], [])).toEqual({ ok: true, deflate: undefined });
  });

  it.each<[string, DeflateOffer[], string]>([
    ['F-16: not offered', [], NAME],
    ['F-16: another extension', [PLAIN], 'x-webkit-deflate-frame'],
    ['F-16: another extension beside it', [PLAIN], `${NAME}, x-other`],
    ['chosen twice', [PLAIN], `${NAME}, ${NAME}`],
    ['an empty member', [PLAIN], `${NAME},`],
    ['an unknown parameter', [PLAIN], `${NAME}; server_window=9`],
    ['an empty parameter', [PLAIN], `${NAME};`],
    ['a parameter twice', [PLAIN], `${NAME}; server_no_context_takeover; server_no_context_takeover`],
    ['bits twice', [PLAIN], `${NAME}; server_max_window_bits=9; server_max_window_bits=9`],
    ['a flag with a value', [PLAIN], `${NAME}; server_no_context_takeover=1`],
    ['bits without a value', [PLAIN], `${NAME}; server_max_window_bits`],
    ['bits too small', [PLAIN], `${NAME}; server_max_window_bits=7`],
    ['bits too large', [PLAIN], `${NAME}; server_max_window_bits=16`],
    ['bits with a leading zero', [PLAIN], `${NAME}; server_max_window_bits=09`],
    ['bits with a sign', [PLAIN], `${NAME}; server_max_window_bits=+9`],
    ['bits half in quotes', [PLAIN], `${NAME}; server_max_window_bits="9`],
    ['F-17: client bits that were not offered', [PLAIN], `${NAME}; client_max_window_bits=9`],
    ['client bits without a value', [ASKABLE], `${NAME}; client_max_window_bits`],
    ['F-17: client bits above the offer', [{ clientMaxWindowBits: 9 }], `${NAME}; client_max_window_bits=10`],
    ['F-17: server bits above the offer', [{ serverMaxWindowBits: 9 }], `${NAME}; server_max_window_bits=10`],
    ['F-17: server bits left out', [{ serverMaxWindowBits: 9 }], NAME],
    ['F-17: no takeover left out', [{ serverNoContextTakeover: true }], NAME],
  ])('%s: refused', (_, offers, value) => {
    expect(checkDeflateAnswer(offers, header(value))).toMatchObject({ ok: false });
  });

  it('chosen in two headers is chosen twice', () => {
    expect(checkDeflateAnswer([PLAIN], [...header(NAME), ...header(NAME)])).toMatchObject({ ok: false });
  });
});

describe('accepting an offer as a server', () => {
  it.each<[string, DeflateAcceptOptions, string | undefined, ReturnType<typeof agreed> | undefined]>([
    [NAME, {}, NAME, agreed(false, false, 15, 15)],
    ['x-other', {}, undefined, undefined],
    [`x-other, ${NAME}`, {}, NAME, agreed(false, false, 15, 15)],
    [`${NAME}; client_max_window_bits`, {}, NAME, agreed(false, false, 15, 15)],
    [
      `${NAME}; client_max_window_bits=10`,
      {},
      `${NAME}; client_max_window_bits=10`,
      agreed(false, false, 15, 10),
    ],
    [
      `${NAME}; server_max_window_bits=15`,
      {},
      `${NAME}; server_max_window_bits=15`,
      agreed(false, false, 15, 15),
    ],
    [
      `${NAME}; server_no_context_takeover; server_max_window_bits=9`,
      { serverMaxWindowBits: 12, clientNoContextTakeover: true },
      `${NAME}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9`,
      agreed(true, true, 9, 15),
    ],
    [
      `${NAME}; client_max_window_bits`,
      { clientMaxWindowBits: 9 },
      `${NAME}; client_max_window_bits=9`,
      agreed(false, false, 15, 9),
    ],
    [NAME, { clientMaxWindowBits: 9 }, undefined, undefined],
    [`${NAME}; bogus, ${NAME}; server_max_window_bits=010, ${NAME}`, {}, NAME, agreed(false, false, 15, 15)],
  ])('"%s" with %j', (value, options, answer, deflate) => {
    const accepted = acceptDeflateOffer(header(value), options);
    expect([accepted?.value, accepted?.deflate]).toEqual([answer, deflate]);
  });

  it.each<[DeflateOffer[], DeflateAcceptOptions]>([
    [[ALL], {}],
    [[ASKABLE], { clientMaxWindowBits: 8, serverMaxWindowBits: 8, serverNoContextTakeover: true }],
    [[PLAIN, ASKABLE], { clientMaxWindowBits: 9 }],
    [[{ clientMaxWindowBits: 9, serverMaxWindowBits: 8 }], { clientNoContextTakeover: true }],
  ])('both sides conclude the same from %j and %j', (offers, options) => {
    const accepted = acceptDeflateOffer(header(formatDeflateOffers(offers)), options);
    expect(checkDeflateAnswer(offers, header(accepted?.value ?? ''))).toEqual({
      ok: true,
      deflate: accepted?.deflate,
    });
  });

  it('looks at a bounded number of offers', () => {
    const many = [...Array.from({ length: 20 }, () => `${NAME}; bogus`), NAME].join(', ');
    expect(acceptDeflateOffer(header(many), {})).toBeUndefined();
  });
});
