import { invalid, type FrameAction } from './frames-lines';

type Fields = ReadonlyMap<string, unknown>;

/** Of each type of line, the members that it may have. */
const MEMBERS: ReadonlyMap<unknown, readonly string[]> = new Map<unknown, readonly string[]>([
  ['send', ['text', 'data', 'fin']],
  ['ping', ['text', 'data']],
  ['pong', []],
  ['close', ['code', 'reason']],
  ['set', ['autoPong', 'autoClose']],
  ['quit', []],
]);

/** Reads one line of input that is a JSON object. */
export function parseJsonLine(line: string): FrameAction {
  let fields: Fields;
  try {
    fields = new Map(Object.entries(JSON.parse(line) as object));
  } catch {
    return invalid('the line is no JSON object');
  }
  const type = fields.get('type');
  const members = MEMBERS.get(type);
  if (members === undefined) return invalid(`"type" has to be one of ${[...MEMBERS.keys()].join(', ')}`);
  const stranger = [...fields.keys()].find((name) => name !== 'type' && !members.includes(name));
  if (stranger !== undefined) return invalid(`"${String(type)}" has no member "${stranger}"`);
  try {
    return toAction(type, fields);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return invalid(error.message);
  }
}

function toAction(type: unknown, fields: Fields): FrameAction {
  switch (type) {
    case 'send':
      return { type, data: payloadOf(fields), fin: booleanOf(fields, 'fin') ?? true, place: 'any' };
    case 'ping':
      return { type, data: fields.has('data') || fields.has('text') ? payloadOf(fields) : '' };
    case 'close':
      return { type, code: codeOf(fields), reason: stringOf(fields, 'reason') ?? '' };
    case 'set':
      return setAction(booleanOf(fields, 'autoPong'), booleanOf(fields, 'autoClose'));
    case 'pong':
      return { type };
    default:
      return { type: 'quit' };
  }
}

function setAction(autoPong: boolean | undefined, autoClose: boolean | undefined): FrameAction {
  return {
    type: 'set',
    ...(autoPong === undefined ? {} : { autoPong }),
    ...(autoClose === undefined ? {} : { autoClose }),
  };
}

function payloadOf(fields: Fields): string | Uint8Array {
  const [text, data] = [stringOf(fields, 'text'), stringOf(fields, 'data')];
  if ((text === undefined) === (data === undefined)) throw new TypeError('give "text", or "data" in base64');
  if (data === undefined) return text ?? '';
  if (!/^[A-Za-z\d+/]*={0,2}$/.test(data) || data.length % 4 !== 0) throw new TypeError('"data" is no base64');
  return new Uint8Array(Buffer.from(data, 'base64'));
}

function codeOf(fields: Fields): number | undefined {
  const code = fields.get('code');
  if (code === undefined || typeof code === 'number') return code;
  throw new TypeError('"code" has to be a number');
}

function stringOf(fields: Fields, name: string): string | undefined {
  const value = fields.get(name);
  if (value === undefined || typeof value === 'string') return value;
  throw new TypeError(`"${name}" has to be a string`);
}

function booleanOf(fields: Fields, name: string): boolean | undefined {
  const value = fields.get(name);
  if (value === undefined || typeof value === 'boolean') return value;
  throw new TypeError(`"${name}" has to be true or false`);
}
