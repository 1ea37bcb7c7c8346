import type { LocatedDocument, Path } from '../located-document.ts';
import { addressesOfNumber, nodeName, numberInName } from '../nodes.ts';
import type { SpecDocument, WrittenSpec } from '../schema.ts';
import { allParameters, GENERATORS, type GenerateForm, generationProblem } from './topologies.ts';

type HostEntry = SpecDocument['hosts'][number];
type SwitchEntry = SpecDocument['switches'][number];
type LinkEntry = SpecDocument['links'][number];

/** An item of the lists that a spec has in the end, and where in the document it comes from. */
interface Placed<Entry> {
  readonly entry: Entry;
  readonly origin: Path;
}

/**
 * A spec with every node and link that `generate` makes, less those in `without`, and then changed and added to by
 * `hosts`, `switches` and `links`. Problems are noted in the document. From then on it locates problems of an item where
 * the item comes from.
 */
export function expand(document: LocatedDocument, form: WrittenSpec): SpecDocument {
  const { hosts = [], switches = [], links = [] } = form;
  const generate: GenerateForm | undefined = form.generate;
  if (generate === undefined) return { ...form, hosts, switches, links };
  const values = allParameters(generate);
  const problem = generationProblem(generate.topology, values);
  if (problem !== undefined) {
    const { parameter, cause, remedy } = problem;
    const path = parameter === undefined || generate[parameter] === undefined ? [] : [parameter];
    document.add(['generate', ...path], { code: 'wrong-topology', cause, remedy });
    return { ...form, hosts, switches, links };
  }

  const generated = GENERATORS[generate.topology].make(values);
  const removed = readWithout(document, form, generated.links);
  const keptLinks = generated.links.filter(([a, b]) => !removed.has(a) && !removed.has(b) && !removed.has(`${a}-${b}`));
  const madeHosts = generated.hosts.flatMap((name): Placed<HostEntry> | [] =>
    removed.has(name) ? [] : { entry: name, origin: ['generate'] },
  );
  const madeSwitches = generated.switches.flatMap((node): Placed<SwitchEntry> | [] =>
    removed.has(node.name) ? [] : { entry: node, origin: ['generate'] },
  );
  for (const [kind, made] of [
    ['host', madeHosts],
    ['switch', madeSwitches],
  ] as const) {
    if (made.length > 0) continue;
    const remedy = 'leave one of them in';
    document.add(['without'], { code: 'nothing-left', cause: `this leaves no ${kind} of the lab`, remedy });
  }

  const nodes = { hosts: madeHosts, switches: madeSwitches };
  noteOtherKinds(document, form, nodes);
  const allHosts = withEntries('hosts', madeHosts, hosts);
  const allSwitches = withEntries('switches', madeSwitches, switches);
  const linked = new Set([...keptLinks, ...links.map(endsOf)].flat().map((end) => end.split(':')[0] ?? ''));
  const numbers = new Map(generated.hosts.map((name, index) => [name, index + 1]));
  const merged = {
    hosts: [
      ...allHosts.known.map((each) => withAddresses(each, numbers.get(nodeName(each.entry)) ?? 0, linked)),
      ...withNumbers(allHosts.added, generated.hosts, madeHosts).map(([each, number]) =>
        withAddresses(each, number, linked),
      ),
    ],
    switches: [...allSwitches.known, ...allSwitches.added],
    links: withLinks(document, keptLinks, links),
  };
  for (const [list, items] of Object.entries(merged)) {
    for (const [index, { origin }] of items.entries()) document.comesFrom(list, index, origin);
  }
  return {
    ...form,
    hosts: merged.hosts.map(({ entry }) => entry),
    switches: merged.switches.map(({ entry }) => entry),
    links: merged.links.map(({ entry }) => entry),
  };
}

/** What is removed, nodes and links as they were generated, each with its place in `without`. */
function readWithout(
  document: LocatedDocument,
  { without = [] }: WrittenSpec,
  links: readonly (readonly [string, string])[],
): ReadonlyMap<string, number> {
  const nodes = new Set(links.flat());
  const byEnds = new Map(links.flatMap(([a, b]) => [`${a}-${b}`, `${b}-${a}`].map((ends) => [ends, `${a}-${b}`])));
  const removed = new Map<string, number>();
  for (const [index, text] of without.entries()) {
    const part = nodes.has(text) ? text : byEnds.get(text);
    if (part === undefined) {
      document.add(['without', index], {
        code: 'not-generated',
        cause: 'generate makes no such host, switch or link',
        remedy: 'write a node such as s1, or a link by its ends such as s1-s2',
      });
    } else if (!removed.has(part)) removed.set(part, index);
  }
  return removed;
}

/** Notes hosts whose name is a generated switch's, and switches whose name is a generated host's. */
function noteOtherKinds(
  document: LocatedDocument,
  form: WrittenSpec,
  made: Readonly<Record<'hosts' | 'switches', readonly Placed<HostEntry | SwitchEntry>[]>>,
): void {
  for (const [list, other, kind] of [
    ['hosts', 'switches', 'switch'],
    ['switches', 'hosts', 'host'],
  ] as const) {
    const taken = new Set(made[other].map(({ entry }) => nodeName(entry)));
    for (const [index, entry] of (form[list] ?? []).entries()) {
      if (!taken.has(nodeName(entry))) continue;
      document.add(typeof entry === 'string' ? [list, index] : [list, index, 'name'], {
        code: 'duplicate-name',
        cause: `the name ${nodeName(entry)} is taken by a ${kind} that is generated`,
        remedy: `choose another name, or list it under ${other}`,
      });
    }
  }
}

/** The generated nodes, each with what the first entry of its name says of it, and the other entries. */
function withEntries<Entry extends HostEntry | SwitchEntry>(
  list: 'hosts' | 'switches',
  made: readonly Placed<Entry>[],
  entries: readonly Entry[],
): { readonly known: readonly Placed<Entry>[]; readonly added: readonly Placed<Entry>[] } {
  const generated = new Set(made.map(({ entry }) => nodeName(entry)));
  const own = new Map<string, Placed<Entry>>();
  const added: Placed<Entry>[] = [];
  for (const [index, entry] of entries.entries()) {
    const placed = { entry, origin: [list, index] };
    const name = nodeName(entry);
    if (generated.has(name) && !own.has(name)) own.set(name, placed);
    else added.push(placed);
  }
  const known = made.map((each) => {
    const placed = own.get(nodeName(each.entry));
    if (placed === undefined) return each;
    return { entry: { ...mappingOf(each.entry), ...mappingOf(placed.entry) } as Entry, origin: placed.origin };
  });
  return { known, added };
}

function mappingOf<Entry extends HostEntry | SwitchEntry>(entry: Entry): object {
  return typeof entry === 'string' ? { name: entry } : entry;
}

/** Added hosts with numbers: that in the name, or where that is taken or there is none, the next one after all. */
function withNumbers(
  added: readonly Placed<HostEntry>[],
  generated: readonly string[],
  kept: readonly Placed<HostEntry>[],
): readonly (readonly [Placed<HostEntry>, number])[] {
  const names = new Set(kept.map(({ entry }) => nodeName(entry)));
  const taken = new Set(generated.flatMap((name, index) => (names.has(name) ? index + 1 : [])));
  const numbers = added.map(({ entry }) => {
    const number = numberInName(nodeName(entry));
    if (number === undefined || taken.has(number)) return undefined;
    taken.add(number);
    return number;
  });
  let last = Math.max(generated.length, ...taken);
  return added.map((each, index) => [each, numbers[index] ?? ++last]);
}

/**
 * A host with the addresses of its number, where it gives none. Without a link it has no interface, and one that lists its
 * interfaces says what addresses they have.
 * @param linked the names of all nodes with links
 */
function withAddresses(
  { entry, origin }: Placed<HostEntry>,
  number: number,
  linked: ReadonlySet<string>,
): Placed<HostEntry> {
  const isPlain = linked.has(nodeName(entry)) && (typeof entry === 'string' || entry.interfaces === undefined);
  if (!isPlain) return { entry, origin };
  return { entry: { ...addressesOfNumber(number), ...mappingOf(entry) } as HostEntry, origin };
}

function endsOf(link: LinkEntry): readonly string[] {
  return Array.isArray(link) ? link : link.ends;
}

/** The generated links, each replaced by the first entry of the same two nodes; other entries follow. */
function withLinks(
  document: LocatedDocument,
  made: readonly (readonly [string, string])[],
  entries: readonly LinkEntry[],
): readonly Placed<LinkEntry>[] {
  const keyOf = (ends: readonly string[]) => ends.toSorted().join('-');
  const placed = new Map<string, Placed<LinkEntry>>(
    made.map((ends) => [keyOf(ends), { entry: [...ends], origin: ['generate'] }]),
  );
  const others: Placed<LinkEntry>[] = [];
  const changed = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    const ends = endsOf(entry);
    const key = keyOf(ends.map((end) => end.split(':')[0] ?? ''));
    if (!placed.has(key) || changed.has(key)) {
      others.push({ entry, origin: ['links', index] });
      continue;
    }
    if (Array.isArray(entry) && !ends.some((end) => end.includes(':'))) {
      document.add(['links', index], {
        code: 'nothing-changed',
        cause: `${ends.join(' and ')} are linked by generate already, and this changes nothing`,
        remedy: `say what the link has, as in {ends: [${ends.join(', ')}], bw: 100}, or leave it out`,
      });
    }
    changed.add(key);
    placed.set(key, { entry, origin: ['links', index] });
  }
  return [...placed.values(), ...others];
}
