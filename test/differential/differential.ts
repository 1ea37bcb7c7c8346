import { isDeepStrictEqual } from 'node:util';
import { vlanRequirement } from '../../src/drivers/mininet/requirements.ts';
import { describeFault } from '../../src/model/fault.ts';
import { type HostState, specifiedStates } from '../../src/model/host-state.ts';
import { effectKey } from '../../src/model/openflow.ts';
import type { Topology } from '../../src/model/topology.ts';
import { exchangeBetween } from '../../src/sim/exchange.ts';
import { Network, type NetworkState } from '../../src/sim/network.ts';
import { predict } from '../../src/sim/predict.ts';
import { ALWAYS, type Certainty, NEVER, PERHAPS } from '../../src/sim/walk.ts';
import { circlingOf } from './circles.ts';
import { featuresMet, hostFeatures, wayFeatures } from './coverage.ts';
import { type EntrySet, randomLab } from './random-lab.ts';
import { type Pair, RealLab } from './real-lab.ts';

/** What came of comparing one set of entries, or many. */
export interface Comparison {
  /** Cells compared, by what was predicted. */
  readonly reach: number;
  readonly doNot: number;
  readonly undecided: number;
  /** Of them, those whose packets circle, probed one at a time. */
  readonly circling: number;
  /** Of them, those whose copies multiply in a circle, for as long as one probe takes. */
  readonly storms: number;
  /** Cells that were not compared: their packets would circle, and enough such cells were. */
  readonly leftOut: number;
  /** Entries that the switches hold and refused to hold. */
  readonly held: number;
  readonly refused: number;
  readonly disagreements: readonly string[];
}

/** What came of the sets of entries of one lab. */
export interface LabOutcome {
  readonly seed: number;
  readonly comparisons: readonly Comparison[];
  readonly features: ReadonlySet<string>;
  /** Whether its entries ended Open vSwitch, so that what was left of it could not be compared. */
  readonly endedOpenVSwitch: boolean;
}

/** Cells with circling packets that are probed in a set, each of which costs a second. */
const MOST_CIRCLING = 4;
/** Cells whose copies multiply. Of these only an X can be compared: what else becomes of them is unknown. */
const MOST_STORMS = 2;
const WORDS: Readonly<Record<Certainty, string>> = {
  [NEVER]: 'does not reach',
  [PERHAPS]: 'undecided',
  [ALWAYS]: 'reaches',
};

let vlansAreThere: Promise<boolean> | undefined;

/** Whether this machine's kernel has interfaces of VLANs. */
function hasVlans(): Promise<boolean> {
  vlansAreThere ??= vlanRequirement().then(({ remedy }) => remedy === undefined);
  return vlansAreThere;
}

/** Runs the lab of a seed through the simulator and on real switches, and compares every cell. */
export async function compareLab(seed: number): Promise<LabOutcome> {
  const { topology, sets } = randomLab(seed, await hasVlans());
  const lab = await RealLab.start(topology);
  const comparisons: Comparison[] = [];
  const features = new Set<string>();
  try {
    for (const [index, set] of sets.entries()) {
      const compared = await new SetComparison(lab, topology, set, `seed ${seed}, set ${index + 1}`).run();
      comparisons.push(compared.comparison);
      for (const feature of compared.features) features.add(feature);
    }
    return { seed, comparisons, features, endedOpenVSwitch: false };
  } catch (error) {
    // Open vSwitch 3.1 ends by an assertion (action_set_len <= ofpacts_len) where an action list of a packet with written
    // actions sends to a select group: what it does then is not for a simulator to say.
    if ((await lab.reasonOfDeath()) !== 'ovs-vswitchd died') throw error;
    return { seed, comparisons, features, endedOpenVSwitch: true };
  } finally {
    await lab.stop();
  }
}

class SetComparison {
  readonly #lab: RealLab;
  readonly #topology: Topology;
  readonly #set: EntrySet;
  readonly #title: string;
  readonly #disagreements: string[] = [];

  constructor(lab: RealLab, topology: Topology, set: EntrySet, title: string) {
    this.#lab = lab;
    this.#topology = topology;
    this.#set = set;
    this.#title = title;
  }

  async run(): Promise<{ readonly comparison: Comparison; readonly features: ReadonlySet<string> }> {
    const { faults } = this.#set;
    await this.#lab.clear();
    await this.#lab.setLinks(faults, 'down');
    const refused = await this.#lab.install(this.#set);
    for (const text of this.#lab.refusalsUnforeseen.splice(0)) this.#disagreements.push(`${this.#title}: ${text}`);
    const held = await this.#lab.held();
    const hosts = await this.#lab.hostStates();
    const state: NetworkState = { topology: this.#topology, entries: held, missForwarding: 'none', faults, hosts };
    this.#checkHosts(state, hosts);
    const cells = this.#predict(state);

    const calm = cells.filter(({ circling }) => circling === 'none');
    const lone = cells.filter(({ circling }) => circling === 'single').slice(0, MOST_CIRCLING);
    const storms = cells
      .filter(({ circling, certainty }) => circling === 'storm' && certainty === NEVER)
      .slice(0, MOST_STORMS);
    const answered = new Set((await this.#lab.probe(calm.map(({ pair }) => pair))).map(String));
    const features = new Set([...(await this.#lab.held()).values()].flatMap((each) => [...featuresMet(each)]));
    for (const feature of hostFeatures(this.#topology, hosts)) features.add(feature);
    for (const { exchange } of cells) for (const feature of wayFeatures(exchange)) features.add(feature);
    if (faults.length > 0) features.add('fault');
    if (lone.length > 0) features.add('packets that circle');
    if (storms.length > 0) features.add('copies that circle');
    for (const { pair, certainty } of calm) await this.#check(state, pair, certainty, answered.has(String(pair)));
    for (const { pair, certainty } of [...lone, ...storms]) {
      await this.#check(state, pair, certainty, await this.#answersAlone(pair));
    }
    await this.#lab.clear();
    await this.#lab.setLinks(faults, 'up');

    const compared = [...calm, ...lone, ...storms];
    const count = (wanted: Certainty) => compared.filter(({ certainty }) => certainty === wanted).length;
    const comparison = {
      reach: count(ALWAYS),
      doNot: count(NEVER),
      undecided: count(PERHAPS),
      circling: lone.length + storms.length,
      storms: storms.length,
      leftOut: cells.length - compared.length,
      held: [...held.values()].reduce((sum, { flows, groups }) => sum + flows.length + groups.length, 0),
      refused,
      disagreements: this.#disagreements,
    };
    return { comparison, features };
  }

  /** What a host without start commands is, is what the simulator takes it for where no lab can be asked. */
  #checkHosts(state: NetworkState, found: ReadonlyMap<string, HostState>): void {
    const specified = specifiedStates(this.#topology);
    for (const host of this.#topology.hosts) {
      const known = (each: HostState | undefined) => ({
        ...each,
        interfaces: each?.interfaces.map((one) => ({ ...one, neighbours: [...one.neighbours].sort() })),
        routes: (each?.routes ?? []).map((route) => JSON.stringify(Object.entries(route).sort())).sort(),
      });
      if (host.start !== undefined || isDeepStrictEqual(known(found.get(host.name)), known(specified(host)))) continue;
      this.#report(
        state,
        [host.name, host.name],
        `is not as specified: ${JSON.stringify(known(found.get(host.name)))}`,
      );
    }
  }

  /** Every cell by both ways that the simulator has: in classes, and one by one. */
  #predict(state: NetworkState) {
    const network = new Network(state);
    const matrix = predict(state);
    const names = this.#topology.hosts.map(({ name }) => name);
    return names.flatMap((source, from) =>
      names.flatMap((target, to) => {
        if (from === to) return [];
        const pair: Pair = [source, target];
        const exchange = exchangeBetween(network, from, to);
        const inClasses: Certainty = matrix.at(...pair) === null ? PERHAPS : matrix.reaches(...pair) ? ALWAYS : NEVER;
        // One by one it is followed only as far as can be foreseen.
        const isOpen = exchange.legs.some(({ walk, root }) => walk?.certainties(() => false)[root] === PERHAPS);
        if (inClasses !== exchange.certainty && !(isOpen && exchange.certainty === PERHAPS)) {
          this.#report(state, pair, `${WORDS[inClasses]} in classes, ${WORDS[exchange.certainty]} one by one`);
        }
        return [{ pair, certainty: inClasses, circling: circlingOf(exchange), exchange }];
      }),
    );
  }

  /** Confirms what differs with nothing else going on: pairs that are probed together may teach each other's hosts. */
  async #check(state: NetworkState, pair: Pair, certainty: Certainty, isAnswered: boolean): Promise<void> {
    const differs = (answered: boolean) => certainty !== PERHAPS && answered !== (certainty === ALWAYS);
    if (!differs(isAnswered) || !differs(await this.#answersAlone(pair)) || !differs(await this.#answersAlone(pair)))
      return;
    this.#report(
      state,
      pair,
      `predicted: ${WORDS[certainty]}; Open vSwitch: ${WORDS[certainty === ALWAYS ? NEVER : ALWAYS]}`,
    );
  }

  /** With nothing left of what was before, and what circles gone afterwards. */
  async #answersAlone(pair: Pair): Promise<boolean> {
    await this.#lab.clear();
    await this.#lab.forgetNeighbours();
    await this.#lab.install(this.#set);
    const answered = await this.#lab.probe([pair]);
    await this.#lab.clear();
    return answered.length > 0;
  }

  #report({ entries, faults }: NetworkState, [source, target]: Pair, what: string): void {
    const hosts = this.#topology.hosts.map(({ name, ...more }) => `  ${name} ${JSON.stringify(more)}`);
    const links = this.#topology.links.map(({ ends }) => ends.map(({ node, port }) => `${node}:${port}`).join('-'));
    const tables = this.#topology.switches.flatMap(({ name, dpid }) => {
      const { flows = [], groups = [] } = entries.get(dpid) ?? {};
      return [...groups, ...flows].map((entry) => `  ${name} ${effectKey(entry)}`);
    });
    const down = faults.length === 0 ? '' : `, down: ${faults.map(describeFault).join(', ')}`;
    const lines = [
      `${this.#title}: ${source} -> ${target}: ${what}`,
      ...hosts,
      `  links ${links.join(' ')}${down}`,
      ...tables,
    ];
    this.#disagreements.push(lines.join('\n'));
  }
}
