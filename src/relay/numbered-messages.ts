import type { Fields } from '../core/codec';
import { ErrorCode } from '../core/errors';
import type { CoreContext } from './core-context';
import type { NumberedGroup, Publisher } from './publisher';
import type { ResumeState } from './resume-state';
import type { Session } from './sessions';
import { readNumberAt } from './uploads';

const LETTER_D = 0x64;
const DIGIT_1 = 0x31;

/** What became of a frame of numbered messages. */
export interface Outcome {
  /** 0; 27 when messages before it are missing; 31 when the disk has to be waited for; 7 without a number or a message. */
  readonly code: number;
  /** Number of its first message. */
  readonly first: number;
  readonly count: number;
}

/** Takes the messages of sessions with the extension: each once and in order. */
export class NumberedMessages {
  constructor(
    private readonly context: CoreContext,
    private readonly publisher: Publisher,
  ) {}

  /**
   * Takes what is new in a frame.
   *
   * @param beforeRefusal - Called before a message is refused: what was taken before can still be said.
   * @param onRefusal - Called after it, with its number and the code.
   */
  take(
    session: Session,
    resume: ResumeState,
    fields: Fields,
    beforeRefusal: () => void,
    onRefusal: (number: number, code: number) => void,
  ): Outcome {
    const { up } = resume;
    const groups = new NumberedGroups(fields, resume.instance.origin);
    const { first, count, isMixed } = groups;
    if (!first || count === 0) return { code: ErrorCode.PROTOCOL, first: 0, count: 0 };
    const repeated = up.countRepeated(first, count);
    if (repeated === undefined) return { code: ErrorCode.SEQUENCE_GAP, first, count };
    if (repeated > 0) {
      this.context.counters.messagesRepeated += repeated;
      for (const [number, code] of up.refusals(first, repeated)) onRefusal(number, code);
    }
    // What is not stored has no number yet: its sender keeps it, and says it again.
    if (repeated < count && this.context.journal?.isBehind === true) return { code: ErrorCode.NOT_STORED, first, count };
    for (let i = 0; groups.next(); i++) {
      if (i < repeated) continue;
      const code = isMixed ? ErrorCode.PROTOCOL : this.publisher.publishNumbered(session, fields, groups);
      if (code !== ErrorCode.SUCCESS) beforeRefusal();
      resume.takeMessage(code);
      if (code !== ErrorCode.SUCCESS) onRefusal(up.last, code);
    }
    return { code: ErrorCode.SUCCESS, first, count };
  }
}

/** Walks over the groups of a frame; each says what the sender has said about its message. */
export class NumberedGroups implements NumberedGroup {
  /** Number of the frame's first message, and how many there are. */
  readonly first: number | undefined;
  readonly count: number;
  /** Whether one of them has two data types. */
  readonly isMixed: boolean;
  /** Indices of the first field, the data type or -1, and the data. */
  start = 0;
  type = -1;
  data = -1;
  /** The sender's number: later groups that bring none count on from the first. */
  number = 0;
  wantsReceipt = false;
  isVolatile = false;

  constructor(
    private readonly fields: Fields,
    readonly origin: Uint8Array,
  ) {
    const { keys } = fields;
    let xq = -1;
    let count = 0;
    let types = 0;
    let isMixed = false;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      if (key === 'd') {
        count += 1;
        types = 0;
      } else if (key === 'xq') xq = i;
      else if (key === 'dt' && ++types > 1) isMixed = true;
    }
    this.first = xq < 0 ? undefined : readNumberAt(fields, xq);
    this.count = count;
    this.isMixed = isMixed;
  }

  /** @returns False behind the last group. */
  next(): boolean {
    const { keys } = this.fields;
    this.start = this.data + 1;
    this.type = -1;
    this.number += 1;
    this.wantsReceipt = this.isVolatile = false;
    for (let i = this.start; i < keys.length; i++) {
      const key = keys[i];
      if (key === 'dt') this.type = i;
      else if (key === 'xn') this.number = readNumberAt(this.fields, i) ?? this.number;
      else if (key === 'xa') this.wantsReceipt = isLetter(this.fields, i, LETTER_D);
      else if (key === 'xv') this.isVolatile = isLetter(this.fields, i, DIGIT_1);
      else if (key === 'd') {
        this.data = i;
        return true;
      }
    }
    return false;
  }
}

/** Whether a value is this one character. */
function isLetter({ bytes, starts, ends }: Fields, index: number, letter: number): boolean {
  const at = starts[index]!;
  return ends[index]! - at === 1 && bytes[at] === letter;
}
