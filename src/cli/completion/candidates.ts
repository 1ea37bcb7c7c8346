import type { Argument, Command, Option } from 'commander';
import { SETTABLE_ROLES } from '../../drivers/control-plane.ts';
import { CONTROLLER_WORDS } from '../../drivers/controllers.ts';
import { knownLabs, labNameOf } from '../../lab/process/records.ts';
import { RemoteLab } from '../../lab/process/remote-lab.ts';
import { labFolder } from '../../lab/process/run-folder.ts';
import { interfaceName, type LinkEnd } from '../../model/topology.ts';

/**
 * Completion of command lines. The commands and options come from the program's own tree, so that they are never others
 * than there are; the names from the lab that runs, or from the spec that is named.
 */

/** What can stand at a place. */
type Kind =
  | 'labs'
  | 'specs'
  | 'hosts'
  | 'switches'
  | 'nodes'
  | 'ends'
  | 'parts'
  | 'interfaces'
  | 'entries'
  | 'expectations'
  | 'logs'
  | 'files'
  | 'nothing';

/** By an argument's name, as the help shows it. Others are files. */
const KIND_OF_ARGUMENT: Readonly<Record<string, Kind>> = {
  host: 'hosts',
  hosts: 'hosts',
  source: 'hosts',
  target: 'hosts',
  switch: 'switches',
  node: 'nodes',
  end: 'ends',
  other: 'nodes',
  interface: 'interfaces',
  name: 'labs',
  'name|file': 'specs',
  'names|files|folders': 'specs',
  names: 'entries',
  log: 'logs',
  filter: 'nothing',
};

/** By an option's long form. Others are files, unless they take a number. */
const KIND_OF_OPTION: Readonly<Record<string, Kind>> = {
  '--lab': 'labs',
  '--topo': 'specs',
  '--expect': 'expectations',
  '--measure': 'hosts',
  '--via': 'switches',
  '--avoid': 'parts',
  '--without': 'parts',
  '--name': 'nothing',
  '--scenario': 'nothing',
};
/** Of a few words, where commander does not have them as choices. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  role: SETTABLE_ROLES,
  '--controller': CONTROLLER_WORDS,
};
const NUMBER = /<(?:number|port)>/;

/** For the shell: here files may stand, too. */
const FILES = ':files';
/** A shell that waits is worse than one that does not complete. */
const PATIENCE_MS = 2_000;

interface Candidate {
  readonly text: string;
  readonly description?: string;
}

/** `labctl __complete -- WORDS`: a line for each thing that the last word may become. Silent about whatever fails. */
export async function complete(program: Command, words: readonly string[]): Promise<void> {
  const lines = await candidatesFor(program, words).catch(() => []);
  for (const { text, description } of lines) {
    process.stdout.write(description === undefined ? `${text}\n` : `${text}\t${description}\n`);
  }
}

async function candidatesFor(program: Command, words: readonly string[]): Promise<readonly Candidate[]> {
  const place = placeOf(program, words.slice(0, -1));
  const last = words.at(-1) ?? '';
  const [, flag, value] = place.isLiteral ? [] : (/^(--[^=]+)=(.*)$/s.exec(last) ?? []);
  if (flag !== undefined && value !== undefined) {
    const option = place.command.options.find(({ long }) => long === flag);
    const found = option === undefined ? [] : await ofOption(option, value, place);
    return found.map((each) => (each.text === FILES ? each : { ...each, text: `${flag}=${each.text}` }));
  }
  if (place.option !== undefined && !(place.option.variadic && last.startsWith('-'))) {
    return ofOption(place.option, last, place);
  }
  if (last.startsWith('-') && !place.isLiteral) return matching(last, optionsOf(place.command));
  const commands = place.given.length === 0 ? commandsOf(place.command) : [];
  const argument = argumentAt(place.command, place.given.length);
  const values = argument === undefined ? [] : await ofArgument(argument, last, place);
  return [...matching(last, commands), ...values];
}

/** Where the word stands that is to be completed, by the words before it. */
interface Place {
  readonly command: Command;
  /** The command's arguments before it. */
  readonly given: readonly string[];
  /** The option whose value it is. */
  readonly option: Option | undefined;
  /** Whether nothing is an option here: after `--`, or in the command of `exec`. */
  readonly isLiteral: boolean;
  /** Values of options before it, by their long forms. */
  readonly values: ReadonlyMap<string, string>;
}

function placeOf(program: Command, words: readonly string[]): Place {
  let command = program;
  let given: string[] = [];
  let option: Option | undefined;
  let isLiteral = false;
  const values = new Map<string, string>();
  for (const word of words) {
    if (option !== undefined && !(option.variadic && word.startsWith('-'))) {
      values.set(option.long ?? '', word);
      if (!option.variadic) option = undefined;
      continue;
    }
    option = undefined;
    if (isLiteral) given.push(word);
    else if (word === '--') isLiteral = true;
    else if (word.startsWith('-')) {
      const [flag = '', value] = word.split('=');
      const found = command.options.find(({ short, long }) => short === flag || long === flag);
      if (found?.required && value === undefined) option = found;
      else if (found !== undefined && value !== undefined) values.set(found.long ?? '', value);
    } else {
      const sub = command.commands.find((each) => [each.name(), ...each.aliases()].includes(word));
      if (sub !== undefined && given.length === 0) command = sub;
      else given = [...given, word];
      // What follows is the other program's.
      if (command.name() === 'exec' && given.length > 0) isLiteral = true;
    }
  }
  return { command, given, option, isLiteral, values };
}

function commandsOf(command: Command): readonly Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => ({ text: each.name(), description: each.description() }));
}

function optionsOf(command: Command): readonly Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map(({ long, short, description }) => ({ text: long ?? short ?? '', description }));
}

function argumentAt(command: Command, index: number): Argument | undefined {
  const declared = command.registeredArguments;
  const last = declared.at(-1);
  return declared[index] ?? (last?.variadic ? last : undefined);
}

function ofArgument(argument: Argument, last: string, place: Place): Promise<readonly Candidate[]> {
  const choices = argument.argChoices ?? WORDS[argument.name()];
  if (choices !== undefined) return Promise.resolve(matching(last, choices.map(plain)));
  return ofKind(KIND_OF_ARGUMENT[argument.name()] ?? 'files', last, place);
}

async function ofOption(option: Option, last: string, place: Place): Promise<readonly Candidate[]> {
  const choices = option.argChoices ?? WORDS[option.long ?? ''];
  if (choices !== undefined) return matching(last, choices.map(plain));
  const kind = KIND_OF_OPTION[option.long ?? ''] ?? (NUMBER.test(option.flags) ? 'nothing' : 'files');
  if (kind !== 'switches' && kind !== 'parts') return ofKind(kind, last, place);
  // A list with commas goes on after the last of them.
  const before = last.slice(0, last.lastIndexOf(',') + 1);
  const found = await ofKind(kind, last.slice(before.length), place);
  return found.map((each) => ({ ...each, text: `${before}${each.text}` }));
}

const plain = (text: string): Candidate => ({ text });

function matching(start: string, candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.filter(({ text }) => text.startsWith(start));
}

async function ofKind(kind: Kind, last: string, place: Place): Promise<readonly Candidate[]> {
  if (kind === 'files') return [plain(FILES)];
  const found = await namesOf(kind, place);
  const fresh = found.filter((text) => !place.given.includes(text));
  return [...matching(last, fresh.map(plain)), ...(kind === 'specs' ? [plain(FILES)] : [])];
}

async function namesOf(kind: Exclude<Kind, 'files'>, place: Place): Promise<readonly string[]> {
  switch (kind) {
    case 'nothing':
      return [];
    case 'labs':
      return labNames();
    case 'specs': {
      const { specNames } = await import('../../spec/locate.ts');
      return [...new Set([...labNames(), ...specNames()])];
    }
    case 'logs': {
      const { logsIn } = await import('../commands/logs.ts');
      return logsIn(labFolder(labAt(place).record.name)).map(({ name }) => name);
    }
    case 'entries': {
      const { entries } = await labAt(place).run('entries list', {}, patience());
      return entries.flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
    }
    case 'expectations': {
      const [{ file, text }, { readSpec }] = await Promise.all([
        labAt(place).run('spec', {}, patience()),
        import('../../spec/read.ts'),
      ]);
      return [...readSpec(file, text).expectations.keys()];
    }
    case 'hosts':
    case 'switches':
    case 'nodes':
    case 'ends':
    case 'parts':
    case 'interfaces':
      return partsOf(await topologyAt(place))[kind];
  }
}

function labNames(): readonly string[] {
  return knownLabs().flatMap(({ name, state }) => (state === 'ended' ? [] : [name]));
}

const patience = () => ({ signal: AbortSignal.timeout(PATIENCE_MS) });

function namedAt({ values }: Place): string | undefined {
  return values.get('--lab') ?? values.get('--topo') ?? process.env['LABCTL_LAB'] ?? process.env['LABCTL_TOPO'];
}

function labAt(place: Place): RemoteLab {
  const named = namedAt(place);
  return RemoteLab.find(named === undefined ? undefined : labNameOf(named));
}

/** Of the lab that runs, else of the spec that is named. */
async function topologyAt(place: Place): Promise<NamedParts> {
  try {
    return await labAt(place).run('topology', {}, patience());
  } catch (error) {
    const named = namedAt(place);
    if (named === undefined) throw error;
    const [{ findSpec }, { readSpec }] = await Promise.all([
      import('../../spec/locate.ts'),
      import('../../spec/read.ts'),
    ]);
    const { file, text } = findSpec(named);
    const { hosts, switches, links } = readSpec(file, text).topology;
    return { hosts: hosts.map(({ name }) => name), switches: switches.map(({ name }) => name), links };
  }
}

interface NamedParts {
  readonly hosts: readonly string[];
  readonly switches: readonly string[];
  readonly links: readonly { readonly ends: readonly [LinkEnd, LinkEnd] }[];
}

/** What there is of a network. */
function partsOf({ hosts, switches, links }: NamedParts) {
  const order = new Map(switches.map((name, index) => [name, index]));
  const byPlace = (a: LinkEnd, b: LinkEnd) => (order.get(a.node) ?? 0) - (order.get(b.node) ?? 0) || a.port - b.port;
  const between = links
    .filter(({ ends }) => ends.every(({ node }) => order.has(node)))
    .map(({ ends }) => ends.toSorted(byPlace))
    .sort(([a], [b]) => (a && b ? byPlace(a, b) : 0))
    .map((ends) => ends.map(({ node }) => node));
  const pairOf = (each: NamedParts['links'][number]) =>
    each.ends
      .map(({ node }) => node)
      .toSorted()
      .join(' ');
  const pairs = links.map(pairOf);
  // A port names one of several links between two nodes.
  const ends = links
    .filter((link) => pairs.indexOf(pairOf(link)) !== pairs.lastIndexOf(pairOf(link)))
    .flatMap((link) => link.ends)
    .sort(byPlace)
    .map(({ node, port }) => `${node}:${port}`);
  const ports = links.flatMap(({ ends }) => ends).filter(({ node }) => order.has(node));
  return {
    hosts,
    switches,
    nodes: [...hosts, ...switches],
    ends: [...hosts, ...switches, ...ends],
    // By either end first.
    parts: [
      ...new Set([
        ...switches,
        ...between.flatMap((names) => [names.join('-'), names.toReversed().join('-')]),
        ...ends,
      ]),
    ],
    interfaces: [...hosts, ...ports.sort(byPlace).map(interfaceName)],
  };
}
