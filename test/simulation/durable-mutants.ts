import type { Mutant } from './mutants';

/** Those of a relay whose sessions outlive its process. */
export const DURABLE_MUTANTS: readonly Mutant[] = [
  {
    name: 'a durable relay does not wait for its disk',
    file: 'src/relay/durable-effects.ts',
    find: 'else this.#waiting.push({ effect, needed });',
    replace: 'else this.#free.push(effect);',
  },
  {
    name: 'a durable relay waits for the oldest store only',
    file: 'src/relay/durable-effects.ts',
    find: 'this.#waiting.findIndex(({ needed }) => needed > stored);',
    replace: '-1;',
  },
  {
    name: 'half a record is read',
    file: 'src/relay/journal-segment.ts',
    find: 'return crc32(bytes.subarray(at + HEAD_SIZE, end)) === bytes.readUInt32LE(at + 4) ? end : 0;',
    replace: 'return end;',
  },
  {
    name: 'a hole in the last write is taken for damage',
    file: 'src/relay/journal-segment.ts',
    find: 'if (recordEnd(bytes, at) > 0 && bytes.readUInt32LE(at) < CONTINUES) return true;',
    replace: 'if (recordEnd(bytes, at) > 0) return true;',
  },
  {
    name: 'what comes for a session is not stored',
    file: 'src/relay/session-records.ts',
    find: 'const added = ring.entriesFrom(from);',
    replace: 'const added = ring.entriesFrom(from).slice(0, 0);',
  },
  {
    name: 'the next token is not stored',
    file: 'src/relay/resume-state.ts',
    find: '    this.ring.rewind(received);\n    this.noteHead();',
    replace: '    this.ring.rewind(received);',
  },
  {
    name: 'the token before is not stored',
    file: 'src/relay/resume-state.ts',
    find: 'this.#tokenBefore = head.tokenBefore;',
    replace: '',
  },
  {
    name: 'networks are not stored',
    file: 'src/relay/session-life.ts',
    find: '    session.resume?.noteHead();\n',
    replace: '',
  },
  {
    name: 'what was taken is not stored',
    file: 'src/relay/resume-state.ts',
    find: '    this.up.take(code);\n    this.watcher.changed?.();',
    replace: '    this.up.take(code);',
  },
  {
    name: 'refusals are not stored',
    file: 'src/relay/session-records.ts',
    find: 'const refusals = [...up.refusals(saved.taken + 1)];',
    replace: 'const refusals = [...up.refusals(saved.taken + 1)].slice(10_000);',
  },
  {
    name: 'a journal that is written anew has only what is new',
    file: 'src/relay/session-journal.ts',
    find: '    session.resume.forgetSaved();\n',
    replace: '',
  },
  {
    name: 'receipts are not restored',
    file: 'src/relay/session-life.ts',
    find: '    receipts.restore((sessionId) => this.#table.get(sessionId)?.resume);\n',
    replace: '',
  },
  {
    name: 'a restored session takes late attaches',
    file: 'src/relay/resume-state.ts',
    find: 'this.counter = head.counter;',
    replace: '',
  },
  {
    name: 'ended sessions come back',
    file: 'src/relay/session-life.ts',
    find: 'context.journal?.noteEnd(session);',
    replace: '',
  },
];
