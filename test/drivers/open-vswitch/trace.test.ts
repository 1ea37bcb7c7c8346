import { expect, test } from 'vitest';
import { parseTrace } from '../../../src/drivers/open-vswitch/trace.ts';

const portOf = (name: string) => (/^s6-eth\d$/.test(name) ? Number(name.at(-1)) : undefined);

/** As Open vSwitch 3.1 ends its answer. */
const traced = (actions: string) => parseTrace(`bridge("s6")\n------------\n\nDatapath actions: ${actions}`, portOf);

test('ports of a trace are read from the actions, each once, what stands in parentheses left out', () => {
  const actions =
    's6,s6-eth3,userspace(pid=0,controller(reason=1,rule_cookie=0,max_len=65535)),set(eth(dst=00:00:00:00:00:07)),s6-eth2,' +
    'push_vlan(vid=0,pcp=0),s6-eth1,s6-eth2';
  expect(traced(actions)).toMatchObject({ ports: [1, 2, 3], isUndecided: false });
});

test('a dropped packet leaves by no port', () => {
  expect(traced('drop')).toMatchObject({ ports: [], isUndecided: false });
});

test('a select group is left to the hash of a real packet', () => {
  expect(traced('hash(sym_l4(0)),recirc(0x4)')).toMatchObject({ ports: [], isUndecided: true });
});
