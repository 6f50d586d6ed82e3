import { frame } from '../frames/frame-bytes';
import { back, MESSAGE_KINDS, topic, type Numbered } from './case';

const SHAPES: { size: number; how: string; chop: { chop?: number } }[] = [
  ...[0, 125, 126, 127, 128, 65_535, 65_536].map((size) => ({ size, how: '', chop: {} })),
  { size: 65_536, how: ', written 997 bytes at a time', chop: { chop: 997 } },
];

/** Group 1: whole messages of the sizes at which the header changes. */
export const framingCases = MESSAGE_KINDS.flatMap(({ kind, opcode, make }) =>
  topic(
    `1.${opcode}`,
    SHAPES.map(({ size, how, chop }): Numbered => {
      const payload = make(size);
      return {
        rule: size === 0 ? 'F-31' : 'F-25',
        title: `${kind} of ${size} bytes${how}`,
        script: [{ send: [frame({ opcode, payload })], ...chop }],
        back: [back[kind](payload)],
        ends: 'answers 1000',
      };
    }),
  ),
);
