import { describe, expect, it } from 'vitest';
import { closingRows } from './closing.rows';
import type { Role } from './frame-bytes';
import { limitRows } from './limit.rows';
import { readingRows } from './reading.rows';
import { expected, play, splitsOf, type Delivery, type Row } from './rows';
import { utf8Rows } from './utf8.rows';

const TABLES: Record<string, Row[]> = {
  'reading frames': readingRows,
  limits: limitRows,
  'UTF-8': utf8Rows,
  closing: closingRows,
};
const ROLES: Role[] = ['client', 'server'];
const DELIVERIES: Delivery[] = ['messages', 'frames'];

describe.each(Object.entries(TABLES))(
  'RFC 6455, %s: the same in one chunk, byte by byte and at random splits',
  (_, rows) => {
    const cases = rows.flatMap((row) =>
      ROLES.flatMap((role) => DELIVERIES.map((deliver) => ({ row, role, deliver }))),
    );

    for (const { row, role, deliver } of cases) {
      it(`${row.rule}: ${row.title} (${role}, ${deliver})`, () => {
        for (const [name, chunks] of splitsOf(row, role)) {
          expect(play(row, role, deliver, chunks), name).toEqual(expected(row, deliver));
        }
      });
    }
  },
);
