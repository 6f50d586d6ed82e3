import type { SuiteCase } from './case';
import { closingCases } from './closing.rows';
import { compressionCases } from './compression.rows';
import { fragmentationCases } from './fragmentation.rows';
import { framingCases } from './framing.rows';
import { autoFragmentCases, limitCases } from './limits.rows';
import { pingCases } from './pings.rows';
import { reservedBitCases, reservedOpcodeCases } from './reserved.rows';
import { utf8Cases } from './utf8.rows';

/** All cases, in the order of their groups. */
export const CASES: readonly SuiteCase[] = [
  ...framingCases,
  ...pingCases,
  ...reservedBitCases,
  ...reservedOpcodeCases,
  ...fragmentationCases,
  ...utf8Cases,
  ...closingCases,
  ...limitCases,
  ...autoFragmentCases,
  ...compressionCases,
];

/** Number of the group. */
export const groupOf = ({ id }: SuiteCase) => Number(id.split('.')[0]);

/** Each with the title of its test. */
export const NAMED = CASES.map((one) => [`${one.id}, ${one.rule}: ${one.title}`, one] as const);
