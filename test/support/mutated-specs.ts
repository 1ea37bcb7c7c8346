import { type Document, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, visit } from 'yaml';
import { randomNumbers } from '../../src/model/random.ts';

/** A spec that somebody spoilt. */
export interface MutatedSpec {
  /** What was done to it. */
  readonly how: string;
  readonly bytes: Buffer;
}

/** Values of other types, and those that numbers, names and lists ought not to be. */
const RETYPED: readonly unknown[] = [
  null,
  true,
  '',
  'none such',
  0,
  -1,
  1.5,
  2 ** 31,
  1e308,
  -1e308,
  Number.MAX_SAFE_INTEGER,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  123456789012345678901234567890n,
  [],
  {},
  [[[]]],
  { name: { name: { name: 'h1' } } },
  new Date(0),
];

const HOSTILE_NAMES: readonly string[] = [
  '$(touch /tmp/labctl-was-here)',
  '`reboot`',
  "h1'; import os; os.abort() #",
  'h1"); os.abort() #',
  'h1 && reboot',
  'h1\nh2',
  'h1\u0000',
  '\u001b[2J',
  '../../etc/passwd',
  '-h1',
  '--help',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'ħöst',
  '主機',
  '\u202eevil',
  '😀',
  'h'.repeat(16),
  'h'.repeat(100_000),
  'X',
  'all',
  'c0',
  'h01',
  's99999999999999999999999',
  'h9999999',
  's1:99999',
  's1-s2-s3',
  'h1 -> h2',
  '%s%n',
  '.nan',
];

const BROKEN_LINES: readonly string[] = [
  '\tkey: 1',
  'version: 1',
  'hosts: [h1]',
  '? [a, b]\n: c',
  '&a *a',
  '*nowhere',
  '!!python/object/apply:os.system ["reboot"]',
  '!!js/function "process.exit()"',
  '!!binary aGVsbG8=',
  '%YAML 9.9',
  '---',
  '...',
  'key: |2147483647',
  '- - - - -',
  '{{{{',
  ']]]]',
  '"unclosed',
  '__proto__: {polluted: true}',
  'constructor: {prototype: {polluted: true}}',
  '<<: {hosts: []}',
  `${'x'.repeat(5000)}: 1`,
];

/**
 * Specs that are each spoilt in one to three ways, the same for the same seed. Any YAML can be spoilt: nothing here knows
 * what the keys of a spec are.
 */
export function mutatedSpecs(examples: readonly string[], count: number, seed: number): readonly MutatedSpec[] {
  const next = randomNumbers(seed);
  const pick = <T>(items: readonly T[]): T => {
    const item = items[Math.floor(next() * items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  };
  return Array.from({ length: count }, () => {
    let text = pick(examples);
    const done: string[] = [];
    const times = 1 + Math.floor(next() * 3);
    for (let time = 0; time < times; time += 1) {
      const [how, mutate] = pick(OF_TEXT.concat(OF_VALUES, OF_VALUES));
      done.push(how);
      text = mutate(text, { next, pick, examples });
    }
    if (next() > 0.05) return { how: done.join(', then '), bytes: Buffer.from(text) };
    return { how: [...done, 'binary bytes'].join(', then '), bytes: withBinary(Buffer.from(text), next) };
  });
}

interface Chance {
  readonly next: () => number;
  readonly pick: <T>(items: readonly T[]) => T;
  readonly examples: readonly string[];
}

type Mutation = readonly [how: string, (text: string, chance: Chance) => string];

function withBinary(bytes: Buffer, next: () => number): Buffer {
  const at = Math.floor(next() * bytes.length);
  const noise = Buffer.from(Array.from({ length: 1 + Math.floor(next() * 20) }, () => Math.floor(next() * 256)));
  return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
}

/** Puts a text in the place of a random line, before it, or after it. */
function withLine(text: string, line: string, { next }: Chance): string {
  const lines = text.split('\n');
  lines.splice(Math.floor(next() * lines.length), next() < 0.3 ? 1 : 0, line);
  return lines.join('\n');
}

const OF_TEXT: readonly Mutation[] = [
  ['truncated', (text, { next }) => text.slice(0, Math.floor(next() * text.length))],
  ['beheaded', (text, { next }) => text.slice(Math.floor(next() * text.length))],
  ['a broken line', (text, chance) => withLine(text, chance.pick(BROKEN_LINES), chance)],
  ['a line twice', (text, chance) => withLine(text, chance.pick(text.split('\n')), chance)],
  [
    'a line of another spec',
    (text, chance) => withLine(text, chance.pick(chance.pick(chance.examples).split('\n')), chance),
  ],
  [
    'indented otherwise',
    (text, { next }) => text.replaceAll(/^ +/gm, (spaces) => (next() < 0.2 ? '\t' : spaces.slice(1))),
  ],
  [
    'a character lost',
    (text, { next }) => {
      const at = Math.floor(next() * text.length);
      return text.slice(0, at) + text.slice(at + 1);
    },
  ],
  [
    'a character added',
    (text, { next, pick }) => {
      const at = Math.floor(next() * text.length);
      return text.slice(0, at) + pick([...'[]{},:&*#?|-<>=!%@`"\'\\ \t\n\r\u0000\u0007\u2028\ufeff']) + text.slice(at);
    },
  ],
  ['windows line ends', (text) => text.replaceAll('\n', '\r\n')],
  [
    'another version',
    (text, { pick }) =>
      text.replace(/version: *\S+/, `version: ${pick(['2', '0', '"1"', '1.1', '-1', 'one', '[1]', '~'])}`),
  ],
  [
    'an alias bomb',
    (text) => {
      const lines = ['a0: &a0 [x, x, x, x, x, x, x, x]'];
      for (let level = 1; level < 12; level += 1) lines.push(`a${level}: &a${level} [${`*a${level - 1}, `.repeat(8)}]`);
      return `${text}\n${lines.join('\n')}\n`;
    },
  ],
  ['an alias of all within itself', (text) => `&all\n${text}\nmore: *all\n`],
  [
    'nested deeply',
    (text, { pick }) => `${text}\ndeep: ${pick(['[', '{a: ', '- '].map((open) => open.repeat(pick([50, 3000]))))}`,
  ],
  ['very long', (text, { pick }) => `${text}\n# ${'x'.repeat(pick([100_000, 1_100_000]))}\n`],
  ['empty', (_, { pick }) => pick(['', '\n', '# nothing\n', '---\n', '\ufeff', '""', '[]', '{}', 'null', '~: ~'])],
];

/** Applies a change to the parsed document, and writes it again; broken texts stay as they are. */
function ofDocument(change: (document: Document.Parsed, chance: Chance) => void) {
  return (text: string, chance: Chance): string => {
    const document = parseDocument(text);
    if (document.errors.length > 0 || document.contents === null) return text;
    try {
      change(document, chance);
      return String(document);
    } catch {
      // What cannot be written is not a spec that somebody could have.
      return text;
    }
  };
}

function nodesOf<Kind extends Node>(document: Document.Parsed, is: (node: unknown) => node is Kind): readonly Kind[] {
  const found: Kind[] = [];
  visit(document, (_key, node) => {
    if (is(node)) found.push(node);
  });
  return found;
}

/** Puts another value in the place of an item or of a key's value. */
function replaceOne(document: Document.Parsed, { pick }: Chance, value: unknown): void {
  const places: ((node: Node) => void)[] = [];
  for (const sequence of nodesOf(document, isSeq))
    sequence.items.forEach((_, index) => {
      places.push((node) => sequence.set(index, node));
    });
  for (const map of nodesOf(document, isMap))
    for (const pair of map.items)
      places.push((node) => {
        pair.value = node;
      });
  if (places.length > 0) pick(places)(document.createNode(value) as Node);
}

const OF_VALUES: readonly Mutation[] = [
  ['retyped', ofDocument((document, chance) => replaceOne(document, chance, chance.pick(RETYPED)))],
  ['a hostile name', ofDocument((document, chance) => replaceOne(document, chance, chance.pick(HOSTILE_NAMES)))],
  [
    'a list for a value',
    ofDocument((document, chance) => replaceOne(document, chance, [chance.pick(RETYPED), chance.pick(HOSTILE_NAMES)])),
  ],
  [
    'a word for another',
    ofDocument((document, { pick }) => {
      const words = nodesOf(document, isScalar);
      if (words.length > 0) pick(words).value = pick(words).value;
    }),
  ],
  [
    'a number changed',
    ofDocument((document, { pick }) => {
      const numbers = nodesOf(document, isScalar).filter(({ value }) => typeof value === 'number');
      if (numbers.length > 0) pick(numbers).value = pick([-1, 0, 0.5, 3, 65_536, 10 ** 6, 2 ** 32, 1e21, Number.NaN]);
    }),
  ],
  [
    'a key renamed',
    ofDocument((document, { pick }) => {
      const pairs: readonly Pair[] = nodesOf(document, isMap).flatMap(({ items }) => items);
      if (pairs.length > 0) pick(pairs).key = document.createNode(pick(HOSTILE_NAMES));
    }),
  ],
  [
    'a key or an item lost',
    ofDocument((document, { pick }) => {
      const lists = [...nodesOf(document, isMap), ...nodesOf(document, isSeq)].filter(({ items }) => items.length > 0);
      if (lists.length === 0) return;
      const { items } = pick(lists);
      items.splice(items.indexOf(pick(items as unknown[]) as never), 1);
    }),
  ],
  [
    'an item twice',
    ofDocument((document, { pick }) => {
      const lists = nodesOf(document, isSeq).filter(({ items }) => items.length > 0);
      if (lists.length === 0) return;
      const { items } = pick(lists);
      items.push(pick(items));
    }),
  ],
  [
    'a part where another belongs',
    ofDocument((document, chance) => {
      const parts = [...nodesOf(document, isMap), ...nodesOf(document, isSeq)];
      if (parts.length > 0) replaceOne(document, chance, chance.pick(parts).toJSON());
    }),
  ],
];
