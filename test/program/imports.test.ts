// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of containerlab look so
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Labctl } from '../support/harness/labctl.ts';

/** What an import says is in the file, and what is in the file is in the import or in its notes. */

let labctl: Labctl;
beforeEach(() => {
  labctl = new Labctl();
});
afterEach(() => labctl.clean());

/** The spec's lines, without its comments. */
async function imported(file: string, text: string): Promise<{ spec: string; notes: string }> {
  labctl.file(file, text);
  const { stdout, stderr, exitCode } = await labctl.run('import', file);
  expect(exitCode, stderr).toBe(0);
  return { spec: stdout.replaceAll(/^#.*\n/gm, ''), notes: stderr };
}

const clab = (nodes: string, links: string) => `name: lab\ntopology:\n  nodes: ${nodes}\n  links:\n${links}`;

describe('containerlab', () => {
  test('computers behind a router stay hosts', async () => {
    const { spec } = await imported(
      'a.clab.yml',
      clab(
        '{r1: {kind: linux}, r2: {kind: linux}, pc1: {kind: linux}, pc2: {kind: linux}}',
        '    - endpoints: ["r1:eth1", "r2:eth1"]\n    - endpoints: ["r1:eth2", "pc1:eth1"]\n    - endpoints: ["r2:eth2", "pc2:eth1"]\n',
      ),
    );
    expect(spec).toContain('hosts:\n  - pc1\n  - pc2\n');
    expect(spec).toContain('switches:\n  - r1\n  - r2\n');
  });

  test('variables have their defaults; without one, the place is told', async () => {
    const nodes = (kind: string) => `{s1: {kind: bridge}, pc1: {kind: "${kind}"}}`;
    const link = '    - endpoints: ["s1:eth1", "pc1:eth1"]\n';
    const { spec, notes } = await imported('a.clab.yml', clab(nodes('${PC_KIND:=linux}'), link));
    expect(spec).toContain('hosts:\n  - pc1\n');
    expect(notes).toContain('the variable PC_KIND has its default, linux');
    labctl.file('b.clab.yml', clab(nodes('${PC_KIND}'), link));
    expect(await labctl.run('import', 'b.clab.yml')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(
        /b\.clab\.yml:3:\d+: its kind is the variable \$\{PC_KIND\}, whose value is not in/,
      ),
    });
    // What is not read may be unknown.
    const image = clab('{s1: {kind: bridge}, pc1: {kind: linux, image: "${IMAGE}"}}', `${link}# \${NOTHING}\n`);
    expect((await imported('c.clab.yml', image)).notes).toBe('');
  });

  test('an interface that has two links is refused, where the second is', async () => {
    labctl.file(
      'a.clab.yml',
      clab(
        '{s1: {kind: bridge}, a: {kind: linux}, b: {kind: linux}}',
        '    - endpoints: ["s1:eth1", "a:eth1"]\n    - endpoints: ["s1:eth1", "b:eth1"]\n',
      ),
    );
    expect(await labctl.run('import', 'a.clab.yml')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/a\.clab\.yml:6:\d+: the interface s1:eth1 has a link already/),
    });
  });

  test('addresses of endpoints are those of hosts; what is not read is noted', async () => {
    const { spec, notes } = await imported(
      'a.clab.yml',
      clab(
        '{s1: {kind: bridge}, a: {kind: linux}, b: {kind: linux}}',
        `    - type: veth-stitch
      endpoints:
        - {node: s1, interface: eth1, mtu: 1400, ipv6: "fe80::1/64"}
        - {node: a, interface: eth1, ipv4: 192.168.1.1/24, mac: "02:00:00:00:00:01"}
    - endpoints: [{node: s1, interface: eth2}, {node: b, interface: eth1, ipv4: 192.168.1.2/24}]
`,
      ),
    );
    expect(spec).toContain('- {name: a, ip: 192.168.1.1/24, mac: "02:00:00:00:00:01"}');
    expect(notes).toContain('mtu is left out at switches');
    expect(notes).toContain('ipv6 of an endpoint is not read');
  });
});

describe('graphs', () => {
  const graph = (nodes: object[], links: object[]) => JSON.stringify({ nodes, links });

  test('ids that are names stay names', async () => {
    const { spec } = await imported(
      'g.json',
      graph(
        [{ id: 's3' }, { id: 's1' }, { id: 's2' }, { id: 'h2', type: 'host' }, { id: 'h1', type: 'host' }],
        [
          { source: 's3', target: 's1' },
          { source: 's1', target: 's2' },
          { source: 'h2', target: 's3' },
          { source: 'h1', target: 's2' },
        ],
      ),
    );
    expect(spec).toContain('hosts:\n  - h2\n  - h1\n');
    expect(spec).toContain('  - [h2, s3]\n  - [h1, s2]');
  });

  test('where no node says what it is, those named as hosts are hosts, unless they have several links', async () => {
    const ids = ['s3', 's1', 'h2', 'h1', 'pc1'];
    const links = [
      ['s3', 's1'],
      ['h2', 's3'],
      ['h1', 's1'],
      ['pc1', 's1'],
      ['pc1', 's3'],
    ];
    const { spec, notes } = await imported(
      'g.json',
      graph(
        ids.map((id) => ({ id })),
        links.map(([source, target]) => ({ source, target })),
      ),
    );
    expect(spec).toContain('hosts:\n  - h2\n  - h1\nswitches:\n  - s3\n  - s1\n  - {name: pc1, dpid:');
    expect(notes).toContain('no node has a type, so a node with the name of a host, as h1, becomes a host');
    expect(notes).toContain(
      'a node with the name of a host that has several links, or one to another such, is a switch here',
    );
    expect(notes).not.toContain('it has no hosts');
  });

  test('labels do, where numbers are the ids', async () => {
    const { spec } = await imported(
      'g.gml',
      'graph [\n node [ id 1 label "s2" ]\n node [ id 0 label "s1" ]\n node [ id 2 label "h7" type "host" ]\n edge [ source 0 target 1 ]\n edge [ source 2 target 0 ]\n]\n',
    );
    expect(spec).toContain('switches:\n  - s2\n  - s1\n');
    expect(spec).toContain('hosts:\n  - h7\n');
    expect(spec).toContain('[h7, s1]');
  });

  test('properties of nodes are read, and what is not read is noted', async () => {
    const { spec, notes } = await imported(
      'g.json',
      graph(
        [
          { id: 's1', dpid: '00:00:00:00:00:00:00:ff' },
          { id: 's2', dpid: 16 },
          { id: 'a', type: 'host', ip: '10.0.0.9/24', mac: '02:00:00:00:00:09', rack: 4 },
        ],
        [{ source: 'a', target: 's1', bw: 10, latency: 5, packet_loss: 1, bandwidth: 100 }],
      ),
    );
    expect(spec).toContain('{name: a, ip: 10.0.0.9/24, mac: "02:00:00:00:00:09"}');
    expect(spec).toContain('{name: s1, dpid: "00:00:00:00:00:00:00:ff"}');
    expect(spec).toContain('{name: s2, dpid: "00:00:00:00:00:00:00:10"}');
    expect(spec).toContain('bw: 10');
    expect(notes).toContain('attributes of nodes that are not read: rack');
    expect(notes).toContain('attributes of edges that are not read: latency, packet_loss, bandwidth');
  });

  test('hosts that are added are told', async () => {
    const { spec, notes } = await imported(
      'g.json',
      graph([{ id: 's1' }, { id: 's2' }], [{ source: 's1', target: 's2' }]),
    );
    expect(spec).toContain('hosts:\n  - h1\n  - h2\n');
    expect(notes).toContain('it has no hosts: each switch is given one');
  });

  test('a text that begins with a comment is no GML because of that', async () => {
    const file = labctl.file('comment', '# a lab\ntopology:\n  nodes: {s1: {kind: bridge}}\n');
    expect((await labctl.run('import', file)).stderr).not.toContain('GML');
  });
});
