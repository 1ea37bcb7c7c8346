import type { HeldEntries } from '../../src/drivers/data-plane.ts';
import { allOnes, type MaskedValue, type MatchField } from '../../src/model/match.ts';
import type { Action, Group } from '../../src/model/openflow.ts';

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
