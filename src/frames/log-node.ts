/** Name of every tree. @internal */
export const LOG_ROOT = 'WebifiLog';

interface LogLeaf {
  readonly key: string;
  readonly value: string;
}

type LogItem = LogNode | LogLeaf | string;

/** What happened in one call, as a tree: contexts with facts, sentences and contexts of their own. @internal */
export class LogNode {
  readonly items: LogItem[] = [];

  /**
   * @param name - A word that may also name an XML element.
   * @param isVerbose - Whether details are worth making.
   */
  constructor(
    readonly name: string,
    readonly isVerbose = false,
  ) {}

  child(name: string): LogNode {
    const node = new LogNode(name, this.isVerbose);
    this.items.push(node);
    return node;
  }

  /** @param key - A word that may also name an XML element. @param value - Nothing secret. */
  fact(key: string, value: string | number | boolean): void {
    this.items.push({ key, value: String(value) });
  }

  say(sentence: string): void {
    this.items.push(sentence);
  }
}

/** Names and values of all facts, those of inner contexts included. @internal */
export function factsOf(node: LogNode): (readonly [name: string, value: string])[] {
  return node.items.flatMap((item) => {
    if (item instanceof LogNode) return factsOf(item);
    return typeof item === 'string' ? [] : [[item.key, oneLine(item.value)] as const];
  });
}

/** Indented lines; each context is closed by two hyphens and its name. @internal */
export function renderText(root: LogNode): string {
  return `${textLines(root, '').join('\n')}\n`;
}

/** Nested lists. @internal */
export function renderHtml(root: LogNode): string {
  const items = root.items.map((item) => `<li>${htmlOf(item)}</li>`).join('');
  return `<b>${escaped(root.name)}</b><ul>${items}</ul>`;
}

/** An XML document with one element per context and fact. @internal */
export function renderXml(root: LogNode): string {
  return `<?xml version="1.0" encoding="utf-8"?>\n${xmlOf(root)}\n`;
}

function textLines(node: LogNode, indent: string): string[] {
  const inner = `${indent}  `;
  const lines = node.items.flatMap((item) => {
    if (item instanceof LogNode) return textLines(item, inner);
    return [`${inner}${typeof item === 'string' ? oneLine(item) : `${item.key}: ${oneLine(item.value)}`}`];
  });
  return [`${indent}${node.name}:`, ...lines, `${indent}--${node.name}`];
}

function htmlOf(item: LogItem): string {
  if (item instanceof LogNode) return renderHtml(item);
  return typeof item === 'string' ? escaped(item) : `${escaped(item.key)}: ${escaped(item.value)}`;
}

function xmlOf(item: LogItem): string {
  if (item instanceof LogNode) return `<${item.name}>${item.items.map(xmlOf).join('')}</${item.name}>`;
  return typeof item === 'string'
    ? `<info>${escaped(item)}</info>`
    : `<${item.key}>${escaped(item.value)}</${item.key}>`;
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

function escaped(text: string): string {
  return oneLine(text).replace(/[&<>"']/g, (character) => ENTITIES.get(character) ?? '');
}

/** What a peer wrote must not look like lines of ours, nor reach a terminal as a command. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Surrogate}\u2028\u2029\ufffe\uffff]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
