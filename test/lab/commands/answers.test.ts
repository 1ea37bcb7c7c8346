import { expect, test } from 'vitest';
import type { z } from 'zod';
import type { DataPlane } from '../../../src/drivers/data-plane.ts';
import * as table from '../../../src/lab/commands/table.ts';
import type { CommandInput, CommandName } from '../../../src/lab/commands/types.ts';
import { servedLab } from '../served-lab.ts';

/**
 * What commands answer fits their schemas, which let no unknown key pass: what is documented is what is printed. As it
 * is printed: after JSON.
 */

const SUPPOSITION = { entries: [], faults: [{ kind: 'switch', name: 's3' }] } as const;
const FLOW = {
  switch: '00:00:00:00:00:00:00:01',
  name: 'drop',
  priority: '40000',
  eth_type: '0x0800',
  ipv4_dst: '10.0.0.2',
  active: 'true',
};

/** An input for each command but iperf, which needs a real network. In an order that has each do something. */
const INPUTS: { readonly [C in Exclude<CommandName, 'iperf'>]: CommandInput<C> } = {
  spec: {},
  topology: {},
  net: {},
  'entries apply --force': { entries: [FLOW, { ...FLOW, name: 'odd', active: 'false' }, 5] },
  'entries list': {},
  pingall: {},
  'entries delete': { names: ['drop'] },
  'entries apply': { entries: [FLOW] },
  predict: { supposition: SUPPOSITION },
  explain: { source: 'h1', target: 'h2', supposition: SUPPOSITION, verify: false },
  reasons: { pairs: [{ source: 'h1', target: 'h2' }] },
  plan: { request: { hosts: ['h1', 'h2'], avoid: ['s3'] } },
  connect: { hosts: ['h1', 'h3'], via: ['s2'], avoid: ['s4'] },
  link: { state: 'down', link: 's2-s1', repair: false, measure: ['h1', 'h2'] },
  switch: { state: 'down', switchName: 's4', repair: true },
  connections: {},
  status: {},
  'fault list': {},
  'fault clear': { repair: true },
  'fault random': { seed: 1, count: 1, withSwitches: true, repair: true },
  heal: {},
  disconnect: { hosts: ['h3', 'h1'] },
  switches: {},
  role: { role: 'MASTER' },
  'entries clear': { switchName: 's1' },
  exec: { host: 'h1', argv: ['true'] },
  capture: { at: 's1-eth1', form: 'text', count: null, filter: [] },
  down: {},
};

/** What a real network has, and a simulated one refuses. */
const MEASURING: Pick<DataPlane, 'measureWhile' | 'commandOn' | 'capture'> = {
  measureWhile: async (_source, _target, act) => {
    await act();
    return { sent: 100, lost: 3, gapsMs: [6.4], answersAtFirst: true, answersAtLast: true };
  },
  commandOn: (node, argv) => ({ file: 'nsenter', args: [node, ...argv] }),
  capture: ({ interfaceName }) => [{ file: 'tcpdump', args: ['-i', interfaceName] }],
};

test('what each command answers is what its schema says', async () => {
  const { lab: network, service } = await servedLab();
  Object.assign(network.dataPlane, MEASURING);
  const running = { signal: new AbortController().signal, report: () => {} };
  const answers = new Map<string, z.ZodType>(Object.values(table).map(({ name, answer }) => [name, answer]));
  for (const [name, input] of Object.entries(INPUTS) as [CommandName, never][]) {
    const { version, lab, ...document } = JSON.parse(JSON.stringify(await service.run(name, input, running)));
    expect.soft({ version, lab }, name).toEqual({ version: name === 'status' ? 2 : 1, lab: 'ring' });
    expect.soft(answers.get(name)?.safeParse(document), name).toEqual({ success: true, data: document });
  }
});
