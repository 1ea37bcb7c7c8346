// Speed and memory, as ratios of things measured side by side in this run. Starts labs of its own, and leaves nothing.
// usage: npm run bench
// It measures the built program: run scripts/setup --tests first.
// With FLOODLIGHT_URL (and LABCTL_OPENFLOW_PORT) pushes are measured on that Floodlight, which must have no switches,
// else on the tests' stand-in. Then scripts/setup is enough.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { withTypeScript } from './typescript.mjs';

const START_MS = 10_000;
const CONNECT_MS = 30_000;
const EMPTY_MS = 60_000;
const PUSH_MS = 300_000;
const root = join(import.meta.dirname, '..');
const program = join(root, 'dist/labctl.cjs');
const setup = process.env.FLOODLIGHT_URL ? 'scripts/setup' : 'scripts/setup --tests';
const hasStandIn = () => spawnSync('/usr/bin/python3', ['-c', 'import os_ken']).status === 0;
if (!existsSync(program) || !existsSync('/usr/bin/mn') || !(process.env.FLOODLIGHT_URL || hasStandIn())) {
  console.error(`bench: run ${setup} first`);
  process.exit(3);
}
const folder = mkdtempSync('/tmp/lb-');
const env = { ...process.env, LABCTL_RUN_DIR: join(folder, 'r'), LABCTL_LAB: 'bench', LABCTL_CONTROLLER: 'embedded' };

function labctl(...args) {
  // What it prints on stderr is in the error when it fails.
  return execFileSync(process.execPath, [program, ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Wall time in seconds. */
function timed(work) {
  const began = performance.now();
  work();
  return (performance.now() - began) / 1000;
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Stock `mn --test none` on the rendered file, with Open vSwitch running already, as a service would. */
function stockMininet(runs) {
  const file = join(folder, 'p2p.py');
  writeFileSync(file, labctl('render', 's10h10'));
  const user = process.getuid() === 0 ? [] : ['--user', '--map-root-user'];
  const script = `
    export OVS_RUNDIR=${folder}/ovs; mkdir -p $OVS_RUNDIR; ip link set lo up
    ovsdb-tool create $OVS_RUNDIR/conf.db /usr/share/openvswitch/vswitch.ovsschema
    ovsdb-server $OVS_RUNDIR/conf.db --remote=punix:$OVS_RUNDIR/db.sock -vconsole:off &
    until [ -e $OVS_RUNDIR/db.sock ]; do sleep 0.02; done
    ovs-vsctl --no-wait init
    ovs-vswitchd unix:$OVS_RUNDIR/db.sock --disable-system -vconsole:off &
    for run in $(seq ${runs}); do
      began=$(date +%s%N)
      /usr/bin/python3 /usr/bin/mn --custom ${file} --topo P2PNetwork --switch ovs,datapath=user --controller none --test none >/dev/null 2>&1 </dev/null || exit 1
      echo $(( $(date +%s%N) - began ))
    done`;
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const { stdout, status } = spawnSync('unshare', [...user, ...namespaces, 'bash', '--norc', '-c', script], {
    encoding: 'utf8',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  if (status !== 0) throw new Error('mn --test none failed');
  return stdout
    .trim()
    .split('\n')
    .map((text) => Number(text) / 1e9);
}

/** A Floodlight to push to: the one that is given, or the stand-in. */
async function floodlight() {
  const { FLOODLIGHT_URL: given, LABCTL_OPENFLOW_PORT: port = '6653' } = process.env;
  if (given) {
    const url = given.replace(/\/+$/, '');
    // What is measured here fills and clears its switches.
    const theirs = await switchesAt(url);
    if (theirs.length > 0) throw new Error(`${url} has switches already (${theirs.join(', ')}): end their lab first`);
    return { url, port, what: 'Floodlight', stop() {} };
  }
  const standIn = join(root, 'test/stand-in/floodlight-stand-in.py');
  const child = spawn('/usr/bin/python3', [standIn, '--die-with-parent', '--rest-port', '0', '--openflow-port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = () => child.kill('SIGKILL');
  const tooLate = setTimeout(stop, START_MS);
  // Its end, too, ends the lines.
  for await (const line of createInterface(child.stdout)) {
    clearTimeout(tooLate);
    const { rest, openflow } = JSON.parse(line);
    return {
      url: `http://127.0.0.1:${rest}`,
      port: `${openflow}`,
      what: 'stand-in for Floodlight, not Floodlight',
      stop,
    };
  }
  clearTimeout(tooLate);
  throw new Error('the stand-in for Floodlight did not start');
}

/** DPIDs of the switches that a controller has. */
async function switchesAt(url) {
  const answer = await fetch(`${url}/wm/core/controller/switches/json`, { signal: AbortSignal.timeout(CONNECT_MS) });
  return (await answer.json()).map(({ switchDPID }) => switchDPID);
}

/** Repeats a step until it says true. */
async function until(what, timeoutMs, pauseMs, step) {
  const deadline = performance.now() + timeoutMs;
  while (!(await step())) {
    if (performance.now() > deadline) throw new Error(`after ${timeoutMs / 1000} s: not yet ${what}`);
    await sleep(pauseMs);
  }
}

/** Flow entries that differ in name, match and switch, as the tutorial writes them. */
function manyEntries(count, prefix) {
  return Array.from({ length: count }, (_, index) => ({
    switch: `00:00:00:00:00:00:00:0${1 + (index % 9)}`,
    name: `${prefix}-${index}`,
    priority: '30000',
    eth_type: '0x0800',
    ipv4_dst: `10.1.${index >> 8}.${index & 255}`,
    active: 'true',
    actions: 'output=1',
  }));
}

/**
 * S10H10's switches on a controller, without the rest of a lab, which would look after entries: their DPIDs, and how to
 * stop them.
 */
async function switchesOn(load, url, port) {
  const { MininetSandbox } = await load('/src/drivers/mininet/sandbox.ts');
  const { Resident } = await load('/src/drivers/mininet/resident.ts');
  const { OpenFlowRelay } = await load('/src/drivers/floodlight/relay.ts');
  const { findSpec, readSpec } = await load('/src/index.ts');
  const { file, text } = findSpec(join(root, 'topologies/s10h10.yaml'));
  const { topology, topo } = readSpec(file, text);
  const run = join(folder, 'n');
  mkdirSync(run);
  const sandbox = new MininetSandbox(new Resident(), { topology, topo, folder: run, datapath: 'user' });
  const relay = new OpenFlowRelay(join(run, 'of.sock'), { host: new URL(url).hostname, port: Number(port) });
  const stopSwitches = async () => {
    await sandbox.stop();
    relay.close();
  };
  const dpids = topology.switches.map(({ dpid }) => dpid);
  const signal = AbortSignal.timeout(CONNECT_MS);
  try {
    await sandbox.start(signal, () => {});
    await relay.listen();
    await sandbox.connectSwitches(`unix:${join(run, 'of.sock')}`, signal);
    await until('every switch is connected', CONNECT_MS, 100, async () => {
      const connected = await switchesAt(url);
      return dpids.every((dpid) => connected.includes(dpid));
    });
  } catch (error) {
    await stopSwitches();
    throw error;
  }
  return { dpids, stopSwitches };
}

/** Pushes in turn by a bare loop of POSTs over one connection and as labctl does, reading back that none is lost. */
async function pushes(load, count, runs) {
  const { FloodlightClient } = await load('/src/drivers/pusher/client.ts');
  const { pushEntries } = await load('/src/drivers/pusher/entry-push.ts');
  const { decodePost } = await load('/src/drivers/pusher/post-reader.ts');
  const { url, port, what, stop } = await floodlight();
  const agent = new Agent({ connections: 1 });
  const client = new FloodlightClient({ url });
  const entries = manyEntries(count, 'labctl-bench').map((document) => decodePost(document).entry);
  const bodies = manyEntries(count, 'bare').map((document) => JSON.stringify(document));
  let stopSwitches;
  try {
    const network = await switchesOn(load, url, port);
    stopSwitches = network.stopSwitches;
    // On a Floodlight that is given, entries for other switches are somebody's.
    const empty = () =>
      until('no entry is listed', EMPTY_MS, 0, async () => {
        for (const dpid of network.dpids) await client.clear(dpid);
        await sleep(500);
        for (const dpid of network.dpids) if ((await client.list(dpid)).length > 0) return false;
        return true;
      });
    const ours = [];
    const bare = [];
    for (let run = 0; run < runs; run += 1) {
      await empty();
      const began = performance.now();
      for (const body of bodies) {
        const options = { dispatcher: agent, method: 'POST', body };
        await (await request(`${url}/wm/staticentrypusher/json`, options)).body.text();
      }
      bare.push((performance.now() - began) / 1000);
      await empty();
      const then = performance.now();
      await pushEntries(client, entries, { concurrency: 1, signal: AbortSignal.timeout(PUSH_MS) });
      ours.push((performance.now() - then) / 1000);
    }
    await empty();
    return { what, ours: median(ours), bare: median(bare) };
  } finally {
    await stopSwitches?.();
    await client.close();
    await agent.close();
    stop();
  }
}

/** Predictions of a fat-tree, each in a process of its own: seconds and megabytes, the worst of all runs. */
function predictions(k, connected, runs) {
  const results = Array.from({ length: runs }, () =>
    JSON.parse(execFileSync(process.execPath, [join(root, 'scripts/bench-prediction.mjs'), `${k}`, connected])),
  );
  return {
    worstSeconds: Math.max(...results.map((result) => result.seconds)),
    memoryMb: Math.max(...results.map((result) => result.memoryMb)),
  };
}

/** Plans of one connection of all hosts of a fat-tree, each in a process of its own: seconds, the worst of all runs. */
function plans(k, runs) {
  const results = Array.from({ length: runs }, () =>
    JSON.parse(execFileSync(process.execPath, [join(root, 'scripts/bench-plan.mjs'), `${k}`])),
  );
  return { ...results[0], worstSeconds: Math.max(...results.map((result) => result.seconds)) };
}

/** Echo requests lost, of a pair on a ring of four, when a link on its protected path fails: the median of runs. */
function failOver(runs) {
  const file = join(folder, 'ring.yaml');
  writeFileSync(
    file,
    `version: 1
name: bench
hosts: [h1, h2, h3, h4]
switches: [s1, s2, s3, s4]
links: [[h1, s1], [h2, s2], [h3, s3], [h4, s4], [s1, s2], [s2, s3], [s3, s4], [s4, s1]]
forwarding: none
connections: [{hosts: [h1, h3], ways: protected}]
`,
  );
  labctl('up', file);
  const interruptions = [];
  const losses = [];
  for (let run = 0; run < runs; run += 1) {
    // s2 is in transit: it sends packets back out of their in-port.
    const json = labctl('link', 'down', 's2', 's3', '--measure', 'h1', 'h3', '--format', 'json');
    const { longestMs, lost } = JSON.parse(json).traffic;
    interruptions.push(longestMs ?? 0);
    losses.push(lost);
    labctl('link', 'up', 's2', 's3');
  }
  labctl('down');
  return { interruptedMs: median(interruptions), lost: median(losses) };
}

const rows = [];
const row = (what, ours, theirs, ratio) => rows.push([what, ours, theirs, ratio]);
const seconds = (value) => `${value.toFixed(2)} s`;

try {
  // Alternating, so that both see the same machine.
  const ups = [];
  const stock = [];
  for (let run = 0; run < 5; run += 1) {
    ups.push(timed(() => labctl('up', 's10h10')));
    labctl('down');
    stock.push(...stockMininet(1));
  }
  row(
    'labctl up s10h10 | mn --test none (start and stop)',
    seconds(median(ups)),
    seconds(median(stock)),
    median(stock) / median(ups),
  );

  labctl('up', 's10h10');
  const pings = [1, 2, 3].map(() => timed(() => labctl('pingall', '--expect', 'baseline')));
  const theirs = JSON.parse(labctl('exec', 'h1', '--', '/usr/bin/python3', join(root, 'scripts/mininet-pingall.py')));
  if (theirs.sent !== 90 || theirs.received !== 44)
    throw new Error(`Mininet's pingall found ${theirs.received}/${theirs.sent}`);
  row(
    "labctl pingall | Mininet's pingall, same lab, 44/90",
    seconds(median(pings)),
    seconds(theirs.seconds),
    theirs.seconds / median(pings),
  );

  const { memoryMb } = JSON.parse(labctl('status', '--format', 'json'));
  row("the lab's Node process | its limit", `${memoryMb} MB`, '120 MB', 120 / memoryMb);
  labctl('down');

  const { what, ours, bare } = await withTypeScript((load) => pushes(load, 2_000, 5));
  row(`push of 2,000 entries, none lost | a bare loop of POSTs, ${what}`, seconds(ours), seconds(bare), bare / ours);

  for (const [k, limitSeconds] of [
    [8, 0.3],
    [16, 5],
  ]) {
    const { worstSeconds, entries, pairsTimesHops } = plans(k, 3);
    const what = `one connection of all hosts of a fat-tree, k=${k}`;
    row(`plan of ${what} | its limit`, seconds(worstSeconds), seconds(limitSeconds), limitSeconds / worstSeconds);
    row(`entries of ${what} | pairs times hops`, `${entries}`, `${pairsTimesHops}`, pairsTimesHops / entries);
  }

  const { interruptedMs, lost } = failOver(5);
  row('fail-over on a ring of four | its limit', `${interruptedMs} ms`, '10 ms', 10 / Math.max(interruptedMs, 1));
  row('echo requests lost meanwhile, 2 ms apart | their limit', `${lost}`, '5', 5 / Math.max(lost, 1));

  for (const [what, k, connected, limitSeconds] of [
    ['k=8, 128 hosts', 8, 'none', 0.5],
    ['k=8, one connection of all 128 hosts', 8, 'all', 2],
    ['k=16, 1,024 hosts', 16, 'none', 10],
  ]) {
    const { worstSeconds, memoryMb } = predictions(k, connected, 3);
    row(
      `prediction of a fat-tree, ${what} | its limit`,
      seconds(worstSeconds),
      seconds(limitSeconds),
      limitSeconds / worstSeconds,
    );
    if (k === 16) row('its Node process | its limit', `${memoryMb} MB`, '2000 MB', 2000 / memoryMb);
  }
} finally {
  spawnSync(process.execPath, [program, 'down', '--all'], { env });
  rmSync(folder, { recursive: true, force: true });
}

const heading = ['what', 'labctl', 'other', 'times better'];
const lines = [heading, ...rows.map(([what, ours, other, ratio]) => [what, ours, other, ratio.toFixed(2)])];
const widths = heading.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
for (const line of lines)
  console.log(
    line
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
