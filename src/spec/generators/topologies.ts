import { randomNumbers } from '../../model/random.ts';

/** The topologies that `generate` makes: their parameters and bounds, and what they consist of. */

export type GeneratorName =
  | 'single'
  | 'linear'
  | 'tree'
  | 'ring'
  | 'mesh'
  | 'torus'
  | 'leaf-spine'
  | 'fat-tree'
  | 'random';

/** A parameter: a whole number. */
interface Parameter {
  readonly description: string;
  readonly least: number;
  readonly most: number;
  readonly multipleOf?: number;
  /** Its value where it is left out, which may follow from the parameters before it. */
  readonly fallback: number | ((before: ParameterValues) => number);
}

export type ParameterValues = Readonly<Record<string, number>>;

/** A topology by names, in Mininet's order of nodes; ports follow the order of the links. */
interface GeneratedTopology {
  /** The first one has the address 10.0.0.1/8 and the MAC address 00:00:00:00:00:01, and so on. */
  readonly hosts: readonly string[];
  /** A DPID is given where it is not Mininet's for the name. */
  readonly switches: readonly { readonly name: string; readonly dpid?: string }[];
  readonly links: readonly (readonly [string, string])[];
}

interface TopologySize {
  readonly hosts: number;
  readonly switches: number;
  readonly links: number;
}

export interface Generator {
  /** What it makes, in one line. */
  readonly summary: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** What `make` would return for parameters within their bounds, by arithmetic. */
  size(values: ParameterValues): TopologySize;
  /** What is wrong with parameters that are each within their bounds. */
  problem?(values: ParameterValues): ParameterProblem | undefined;
  /** @param values within their bounds, and without a `generationProblem` */
  make(values: ParameterValues): GeneratedTopology;
}

export interface ParameterProblem {
  readonly parameter: string;
  readonly cause: string;
  readonly remedy: string;
}

/** The largest lab, generated or not; a matrix of its hosts still fits into memory. */
export const MOST_NODES = 2000;
export const MOST_LINKS = 5000;

/** Checks that a generator's functions read only parameters that it has. */
function generator<Key extends string>(parts: {
  readonly summary: string;
  readonly parameters: Readonly<Record<Key, Parameter>>;
  readonly size: (values: Readonly<Record<Key, number>>) => TopologySize;
  readonly problem?: (values: Readonly<Record<Key, number>>) => ParameterProblem | undefined;
  readonly make: (values: Readonly<Record<Key, number>>) => GeneratedTopology;
}): Generator {
  return parts;
}

/** Whole numbers from 1 to `count`. */
function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

const HOSTS_PER_SWITCH: Parameter = { description: 'hosts on each switch', least: 1, most: 100, fallback: 1 };

/** As Mininet's LinearTopo names the hosts of a switch: h3 where it is alone, else h1s3, h2s3 ... */
function hostOf(switchNumber: number, host: number, hostsPerSwitch: number): string {
  return hostsPerSwitch === 1 ? `h${switchNumber}` : `h${host}s${switchNumber}`;
}

/** Switches s1 to sN with hosts each, as LinearTopo numbers them; Mininet sorts hosts by the numbers in their names. */
function rowOf(switches: number, hosts: number): Omit<GeneratedTopology, 'links'> {
  const inOrder = upTo(hosts).flatMap((host) => upTo(switches).map((number) => hostOf(number, host, hosts)));
  return { hosts: inOrder, switches: upTo(switches).map((number) => ({ name: `s${number}` })) };
}

/** Such a row, whose hosts have the first ports of their switches, and links between switches by their numbers. */
function rowWithLinks(
  switches: number,
  hosts: number,
  pairs: readonly (readonly [number, number])[],
): GeneratedTopology {
  const access = upTo(switches).flatMap((number) =>
    upTo(hosts).map((host) => [hostOf(number, host, hosts), `s${number}`] as const),
  );
  return { ...rowOf(switches, hosts), links: [...access, ...pairs.map(([a, b]) => [`s${a}`, `s${b}`] as const)] };
}

const single = generator({
  summary: "hosts on one switch (Mininet's SingleSwitchTopo)",
  parameters: { hosts: { description: 'hosts on the switch', least: 1, most: 1000, fallback: 2 } },
  size: ({ hosts }) => ({ hosts, switches: 1, links: hosts }),
  make: ({ hosts }) => ({
    hosts: upTo(hosts).map((number) => `h${number}`),
    switches: [{ name: 's1' }],
    links: upTo(hosts).map((number) => [`h${number}`, 's1']),
  }),
});

const linear = generator({
  summary: "a chain of switches with hosts on each (Mininet's LinearTopo)",
  parameters: {
    switches: { description: 'switches in the chain', least: 1, most: 1000, fallback: 2 },
    hosts: HOSTS_PER_SWITCH,
  },
  size: ({ switches, hosts }) => ({ hosts: switches * hosts, switches, links: switches * hosts + switches - 1 }),
  make: ({ switches, hosts }) => ({
    ...rowOf(switches, hosts),
    links: upTo(switches).flatMap((number) => [
      ...upTo(hosts).map((host) => [hostOf(number, host, hosts), `s${number}`] as const),
      ...(number === 1 ? [] : [[`s${number}`, `s${number - 1}`] as const]),
    ]),
  }),
});

const tree = generator({
  summary: "a tree of switches with hosts below its leaves (Mininet's TreeTopo)",
  parameters: {
    depth: { description: 'levels of switches', least: 1, most: 8, fallback: 1 },
    fanout: { description: 'branches of each switch', least: 1, most: 64, fallback: 2 },
  },
  size: ({ depth, fanout }) => {
    const switches = upTo(depth).reduce((sum, level) => sum + fanout ** (level - 1), 0);
    const hosts = fanout ** depth;
    return { hosts, switches, links: hosts + switches - 1 };
  },
  make: ({ depth, fanout }) => {
    const hosts: string[] = [];
    const switches: { name: string }[] = [];
    const links: [string, string][] = [];
    // A branch is linked once everything below it is.
    const addBranch = (levels: number): string => {
      if (levels === 0) {
        const host = `h${hosts.length + 1}`;
        hosts.push(host);
        return host;
      }
      const name = `s${switches.length + 1}`;
      switches.push({ name });
      for (let count = 0; count < fanout; count += 1) links.push([name, addBranch(levels - 1)]);
      return name;
    };
    addBranch(depth);
    return { hosts, switches, links };
  },
});

const ring = generator({
  summary: 'switches in a circle with hosts on each',
  parameters: {
    switches: { description: 'switches in the circle', least: 3, most: 1000, fallback: 4 },
    hosts: HOSTS_PER_SWITCH,
  },
  size: ({ switches, hosts }) => ({ hosts: switches * hosts, switches, links: switches * hosts + switches }),
  make: ({ switches, hosts }) =>
    rowWithLinks(
      switches,
      hosts,
      upTo(switches).map((number) => [number, (number % switches) + 1]),
    ),
});

/** All pairs of the numbers from 1 to `count`, the lower one first. */
function allPairs(count: number): readonly (readonly [number, number])[] {
  return upTo(count).flatMap((a) =>
    upTo(count)
      .slice(a)
      .map((b) => [a, b] as const),
  );
}

const mesh = generator({
  summary: 'switches each linked with every other, with hosts on each',
  parameters: {
    switches: { description: 'switches, each linked with every other', least: 2, most: 64, fallback: 4 },
    hosts: HOSTS_PER_SWITCH,
  },
  size: ({ switches, hosts }) => ({
    hosts: switches * hosts,
    switches,
    links: switches * hosts + (switches * (switches - 1)) / 2,
  }),
  make: ({ switches, hosts }) => rowWithLinks(switches, hosts, allPairs(switches)),
});

const torus = generator({
  summary: "a grid of switches whose edges are joined, with hosts on each (Mininet's TorusTopo)",
  parameters: {
    x: { description: 'switches in the first direction', least: 3, most: 64, fallback: 3 },
    y: { description: 'switches in the second direction', least: 3, most: 64, fallback: 3 },
    hosts: HOSTS_PER_SWITCH,
  },
  size: ({ x, y, hosts }) => ({ hosts: x * y * hosts, switches: x * y, links: x * y * (hosts + 2) }),
  make: ({ x, y, hosts }) => {
    const places = upTo(x).flatMap((i) => upTo(y).map((j) => ({ i, j, place: `${i}x${j}` })));
    const hostsAt = (place: string) =>
      hosts === 1 ? [`h${place}`] : upTo(hosts).map((number) => `h${place}x${number}`);
    return {
      hosts: places.flatMap(({ place }) => hostsAt(place)),
      switches: places.map(({ i, j, place }) => ({
        name: `s${place}`,
        dpid: (i * 256 + j).toString(16).padStart(4, '0'),
      })),
      links: [
        ...places.flatMap(({ place }) => hostsAt(place).map((host) => [host, `s${place}`] as const)),
        ...places.flatMap(({ i, j, place }) => [
          [`s${place}`, `s${i}x${(j % y) + 1}`] as const,
          [`s${place}`, `s${(i % x) + 1}x${j}`] as const,
        ]),
      ],
    };
  },
});

const leafSpine = generator({
  summary: 'leaf switches with hosts, each linked with every spine switch',
  parameters: {
    spines: { description: 'spine switches, s1 and on', least: 1, most: 64, fallback: 2 },
    leaves: { description: 'leaf switches, numbered after the spines', least: 1, most: 256, fallback: 4 },
    hosts: { description: 'hosts on each leaf', least: 1, most: 100, fallback: 2 },
  },
  size: ({ spines, leaves, hosts }) => ({
    hosts: leaves * hosts,
    switches: spines + leaves,
    links: leaves * (hosts + spines),
  }),
  make: ({ spines, leaves, hosts }) => {
    const leafOf = (number: number) => `s${spines + number}`;
    return {
      hosts: upTo(leaves * hosts).map((number) => `h${number}`),
      switches: upTo(spines + leaves).map((number) => ({ name: `s${number}` })),
      links: [
        ...upTo(leaves).flatMap((leaf) =>
          upTo(hosts).map((host) => [`h${(leaf - 1) * hosts + host}`, leafOf(leaf)] as const),
        ),
        ...upTo(leaves).flatMap((leaf) => upTo(spines).map((spine) => [leafOf(leaf), `s${spine}`] as const)),
      ],
    };
  },
});

/**
 * Al-Fares, Loukissas and Vahdat, "A scalable, commodity data center network architecture" (SIGCOMM 2008): (k/2)² core
 * switches, and k pods of k/2 aggregation and k/2 edge switches with k/2 hosts on each edge switch. Core switches are
 * numbered first, then pod by pod the aggregation and the edge switches; hosts have the first ports of edge switches.
 */
const fatTree = generator({
  summary: 'pods of aggregation and edge switches below core switches (Al-Fares and others)',
  parameters: {
    k: {
      description: 'ports of each switch, which is also the number of pods',
      least: 2,
      most: 16,
      multipleOf: 2,
      fallback: 4,
    },
  },
  size: ({ k }) => ({ hosts: k ** 3 / 4, switches: (k / 2) ** 2 + k ** 2, links: (3 * k ** 3) / 4 }),
  make: ({ k }) => {
    const half = k / 2;
    const hosts: string[] = [];
    const switches: { name: string }[] = [];
    const links: [string, string][] = [];
    const newSwitches = (count: number) =>
      upTo(count).map(() => {
        const name = `s${switches.length + 1}`;
        switches.push({ name });
        return name;
      });
    const core = newSwitches(half * half);
    for (let pod = 0; pod < k; pod += 1) {
      const aggregation = newSwitches(half);
      const edges = newSwitches(half);
      for (const edge of edges) {
        for (let count = 0; count < half; count += 1) {
          const host = `h${hosts.length + 1}`;
          hosts.push(host);
          links.push([host, edge]);
        }
      }
      for (const upper of aggregation) for (const edge of edges) links.push([upper, edge]);
      for (const [index, upper] of aggregation.entries()) {
        for (const top of core.slice(index * half, (index + 1) * half)) links.push([top, upper]);
      }
    }
    return { hosts, switches, links };
  },
});

/** The links of the tree that a Prüfer sequence describes, of the nodes 1 to its length and 2 more. */
function treeOfSequence(sequence: readonly number[]): readonly (readonly [number, number])[] {
  const nodes = upTo(sequence.length + 2);
  const degree = new Map(nodes.map((node) => [node, 1]));
  const change = (node: number, by: number) => degree.set(node, (degree.get(node) ?? 0) + by);
  for (const node of sequence) change(node, 1);
  const isLeaf = (node: number) => degree.get(node) === 1;
  const links: [number, number][] = [];
  for (const node of sequence) {
    const leaf = nodes.find(isLeaf) ?? node;
    links.push([leaf, node]);
    change(leaf, -1);
    change(node, -1);
  }
  const [a = 1, b = 2] = nodes.filter(isLeaf);
  return [...links, [a, b]];
}

/** So many links of `switches` switches that none can be added. */
function mostLinks(switches: number): number {
  return (switches * (switches - 1)) / 2;
}

const random = generator({
  summary: 'a connected graph of switches picked at random, the same for the same seed, with hosts on each',
  parameters: {
    switches: { description: 'switches', least: 2, most: 500, fallback: 8 },
    links: {
      description: 'links between switches; if left out, half as many again as a tree has',
      least: 1,
      most: MOST_LINKS,
      fallback: ({ switches = 0 }) => Math.min(switches - 1 + Math.floor(switches / 2), mostLinks(switches)),
    },
    hosts: HOSTS_PER_SWITCH,
    seed: { description: 'picks the graph', least: 0, most: 2 ** 32 - 1, fallback: 1 },
  },
  size: ({ switches, links, hosts }) => ({ hosts: switches * hosts, switches, links: switches * hosts + links }),
  problem: ({ switches, links }) =>
    links >= switches - 1 && links <= mostLinks(switches)
      ? undefined
      : {
          parameter: 'links',
          cause: `${switches} switches are joined by ${switches - 1} to ${mostLinks(switches)} links, each pair by one at most`,
          remedy: 'choose a number in between, or leave links out',
        },
  make: ({ switches, links, hosts, seed }) => {
    const next = randomNumbers(seed);
    const pick = (count: number) => Math.floor(next() * count);
    // Every tree is as likely as any other; and so is, of the other pairs, every choice.
    const joined = treeOfSequence(upTo(switches - 2).map(() => pick(switches) + 1));
    const keyOf = ([a, b]: readonly [number, number]) => Math.min(a, b) * (switches + 1) + Math.max(a, b);
    const inTree = new Set(joined.map(keyOf));
    const others = allPairs(switches).filter((pair) => !inTree.has(keyOf(pair)));
    const chosen = new Set(inTree);
    while (chosen.size < links) {
      const [pair] = others.splice(pick(others.length), 1);
      if (pair !== undefined) chosen.add(keyOf(pair));
    }
    const pairs = allPairs(switches).filter((pair) => chosen.has(keyOf(pair)));
    return rowWithLinks(switches, hosts, pairs);
  },
});

/** The one table of what can be generated: the schema, `labctl new` and the reader follow it. */
export const GENERATORS: Readonly<Record<GeneratorName, Generator>> = {
  single,
  linear,
  tree,
  ring,
  mesh,
  torus,
  'leaf-spine': leafSpine,
  'fat-tree': fatTree,
  random,
};

export const GENERATOR_NAMES = Object.keys(GENERATORS) as readonly GeneratorName[];

/** What a spec says of its generator; parameters may be left out. */
export type GenerateForm = { readonly topology: GeneratorName } & Readonly<Record<string, unknown>>;

/** All parameters of a generator, those that are left out too, in the order of the table. */
export function allParameters({ topology, ...given }: GenerateForm): ParameterValues {
  const values: Record<string, number> = {};
  for (const [key, { fallback }] of Object.entries(GENERATORS[topology].parameters)) {
    const value = given[key];
    values[key] = typeof value === 'number' ? value : typeof fallback === 'number' ? fallback : fallback(values);
  }
  return values;
}

/** What keeps parameters that are each within their bounds from being a lab, if anything; without a parameter, it is all. */
export function generationProblem(
  topology: GeneratorName,
  values: ParameterValues,
): (Omit<ParameterProblem, 'parameter'> & { readonly parameter?: string }) | undefined {
  const { problem, size } = GENERATORS[topology];
  const own = problem?.(values);
  if (own !== undefined) return own;
  const { hosts, switches, links } = size(values);
  const count = (number: number) => number.toLocaleString('en-US');
  if (hosts + switches > MOST_NODES) {
    return {
      cause: `${count(hosts)} hosts and ${count(switches)} switches would be ${count(hosts + switches)} nodes; a lab has at most ${count(MOST_NODES)}`,
      remedy: 'choose lower numbers',
    };
  }
  if (links > MOST_LINKS) {
    return {
      cause: `there would be ${count(links)} links; a lab has at most ${count(MOST_LINKS)}`,
      remedy: 'choose lower numbers',
    };
  }
  return undefined;
}
