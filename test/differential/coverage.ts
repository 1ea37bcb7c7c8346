import type { HeldEntries } from '../../src/drivers/data-plane.ts';
import type { HostState } from '../../src/model/host-state.ts';
import { allOnes, type MaskedValue, type MatchField } from '../../src/model/match.ts';
import type { Action, Group } from '../../src/model/openflow.ts';
import { addressesOf, type Topology } from '../../src/model/topology.ts';
import type { Exchange } from '../../src/sim/exchange.ts';
import { ALWAYS } from '../../src/sim/walk.ts';

/** What entries have that a simulator must get right, by name; of those that real packets met. */
export function featuresMet({ flows, groups }: HeldEntries): ReadonlySet<string> {
  const met = new Set<string>();
  const byId = new Map(groups.map((group) => [group.groupId, group]));
  const seen = new Set<Group>();
  const addActions = (actions: readonly Action[], where: string) => {
    for (const action of actions) {
      met.add(featureOf(action));
      if (action.kind !== 'group') continue;
      const group = byId.get(action.groupId);
      if (group === undefined || seen.has(group)) continue;
      seen.add(group);
      met.add(where === 'bucket' ? 'group chained' : `group by ${where}`);
      met.add(`group ${group.groupType}`);
      for (const bucket of group.buckets) {
        if (bucket.watchPort !== undefined) met.add(`watch port of ${group.groupType}`);
        if (bucket.weight === 0) met.add('weight 0');
        addActions(bucket.actions, 'bucket');
      }
    }
  };
  for (const { match, instructions, packets, tableId } of flows) {
    if (packets === 0n) continue;
    for (const [field, { mask }] of Object.entries(match) as [MatchField, MaskedValue][]) {
      met.add(`match ${field}${mask === allOnes(field) ? '' : ' masked'}`);
    }
    if (tableId > 0) met.add('later table');
    if (instructions.gotoTable !== undefined) met.add('goto table');
    if (instructions.clearActions) met.add('clear actions');
    if (instructions.write.length > 0) met.add('write actions');
    if (instructions.apply.length > 1) met.add('several applied actions');
    addActions(instructions.apply, 'apply');
    addActions(instructions.write, 'write');
  }
  return met;
}

function featureOf(action: Action): string {
  switch (action.kind) {
    case 'output':
      return typeof action.port === 'number' ? 'output to a port' : `output ${action.port}`;
    case 'set_field':
      return `set ${action.field}`;
    default:
      return action.kind;
  }
}

/** What hosts have that decides how they treat packets, by name. */
export function hostFeatures({ hosts, links }: Topology, states: ReadonlyMap<string, HostState>): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (name: string, isThere: boolean) => {
    if (isThere) found.add(`host: ${name}`);
  };
  const names = new Set(hosts.map(({ name }) => name));
  add(
    'link to a host',
    links.some(({ ends }) => ends.every(({ node }) => names.has(node))),
  );
  for (const host of hosts) {
    const { interfaces = [], routes = [], otherAddresses = [] } = states.get(host.name) ?? {};
    const addresses = interfaces.flatMap((each) => each.addresses);
    add('no link', host.interfaces.length === 0);
    add('no address', addressesOf(host).length === 0);
    add('several links', interfaces.filter(({ vlan }) => vlan === undefined).length > 1);
    add('several addresses', addresses.length > 1);
    add('address of lo', otherAddresses.length > 0);
    add(
      'prefix of 31 or 32',
      addresses.some(({ prefixLength }) => prefixLength > 30),
    );
    add(
      'VLAN',
      interfaces.some(({ vlan }) => vlan !== undefined),
    );
    add(
      'static neighbour',
      interfaces.some(({ neighbours }) => neighbours.size > 0),
    );
    add(
      'router',
      interfaces.some(({ forwards }) => forwards),
    );
    add('router by some of its interfaces', new Set(interfaces.map(({ forwards }) => forwards)).size > 1);
    for (const { reversePathFilter, arpIgnore, arpAnnounce } of interfaces) {
      add(`rp_filter ${reversePathFilter}`, reversePathFilter > 0);
      add(`arp_ignore ${arpIgnore}`, arpIgnore > 0);
      add(`arp_announce ${arpAnnounce}`, arpAnnounce > 0);
    }
    for (const { prefixLength, via, source, metric, interface: out } of routes) {
      add('default route', prefixLength === 0);
      add('route by a router', via !== undefined);
      add('route to the link', via === undefined && source === undefined && out !== undefined);
      add('route that refuses', out === undefined);
      add('route with a source', via !== undefined && source !== undefined);
      add('metric', metric > 0);
    }
  }
  return found;
}

/** What becomes of a ping beyond what becomes of it in one subnet. */
export function wayFeatures({ legs, certainty }: Exchange): readonly string[] {
  const isReached = certainty === ALWAYS ? ' that reaches' : '';
  const senders = new Set(legs.filter(({ packet }) => packet.get('eth_type') === 0x0800).map(({ from }) => from));
  const why = legs.flatMap(({ arrivals }) =>
    arrivals.flatMap(({ reaction }) => (reaction.kind === 'ignores' ? [`ping: ${reaction.why}`] : [])),
  );
  return [...(senders.size > 2 ? [`ping by ${senders.size - 2} routers${isReached}`] : []), ...why];
}
