// Speed and memory, as ratios of things measured side by side in this run. Starts labs of its own, and leaves nothing.
// usage: npm run bench
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync('/tmp/lb-');
const env = { ...process.env, LABCTL_RUN_DIR: join(folder, 'r'), LABCTL_LAB: 'bench' };

function labctl(...args) {
  return execFileSync(process.execPath, [join(root, 'dist/cli/main.js'), ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
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
} finally {
  spawnSync(process.execPath, [join(root, 'dist/cli/main.js'), 'down', '--all'], { env });
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
