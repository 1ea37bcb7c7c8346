import { accessSync, constants, existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Pure by their folders, but read what Mininet's own Python makes of something. */
const WITH_MININET = ['test/spec/export/mininet.test.ts', 'test/spec/generators/topologies.test.ts'];
/** With a Docker engine of the tests' own. */
const WITH_DOCKER = ['test/live/floodlight-docker.test.ts', 'test/drivers/floodlight/container.test.ts'];
/** Drivers' tests without any real switch. */
const WITHOUT_SWITCHES = [
  'test/drivers/pusher/*.test.ts',
  'test/drivers/floodlight/no-floodlight.test.ts',
  'test/drivers/embedded/{reconvergence,topology-resources}.test.ts',
  'test/drivers/mininet/{longest-ping,conversation}.test.ts',
  'test/drivers/open-vswitch/{ofctl-statistics,shell-pool,trace}.test.ts',
  'test/drivers/simulated/data-plane.test.ts',
];
const NOTHING_LEFT = 'test/support/harness/nothing-left.ts';
const ORDINARY_USER = 'test/support/harness/ordinary-user.ts';

// The tests reach nobody whom these certificates vouch for, and to read them more than doubles each start of Node.
delete process.env['NODE_EXTRA_CA_CERTS'];

interface Project {
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
  readonly globalSetup?: readonly string[];
  /** Why it cannot be run on this machine. */
  readonly lacks?: string | undefined;
}

const PROJECTS: Readonly<Record<string, Project>> = {
  pure: {
    include: ['test/*.test.ts', 'test/{model,spec,plan,sim,verify,lab,cli}/**/*.test.ts', ...WITHOUT_SWITCHES],
    exclude: WITH_MININET,
  },
  // The built labctl as somebody types it, on simulated switches or none.
  program: {
    include: ['test/{program,docs}/**/*.test.ts'],
    globalSetup: [NOTHING_LEFT, ORDINARY_USER],
    lacks: unbuilt(),
  },
  drivers: {
    include: ['test/drivers/**/*.test.ts', ...WITH_MININET],
    exclude: [...WITHOUT_SWITCHES, ...WITH_DOCKER],
    globalSetup: [NOTHING_LEFT],
    lacks: withoutLabs(),
  },
  contract: {
    include: ['test/{contract,stand-in}/**/*.test.ts'],
    globalSetup: [NOTHING_LEFT],
    lacks: withoutLabs(),
  },
  live: {
    include: ['test/{live,differential}/**/*.test.ts'],
    exclude: WITH_DOCKER,
    globalSetup: [NOTHING_LEFT, ORDINARY_USER],
    lacks: unbuilt() ?? withoutLabs(),
  },
  docker: {
    include: WITH_DOCKER,
    globalSetup: [NOTHING_LEFT, ORDINARY_USER],
    lacks: unbuilt() ?? withoutLabs() ?? withoutDocker(),
  },
};

function unbuilt(): string | undefined {
  return existsSync('dist/labctl.cjs') ? undefined : 'labctl is not built: npm run build';
}

function withoutLabs(): string | undefined {
  const missing = ['mnexec', 'ovs-vswitchd', 'ovs-testcontroller'].find((program) => !isInstalled(program));
  return missing === undefined ? undefined : `${missing} is not installed: scripts/setup --tests`;
}

function withoutDocker(): string | undefined {
  if (userInfo().uid !== 0) return 'a Docker engine needs root';
  return isInstalled('dockerd') ? undefined : 'dockerd is not installed: scripts/setup --tests';
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

// In CI what is missing is a failure, and nothing is left out.
const isForCi = process.env['CI'] === 'true';
const isLeftOut = ({ lacks }: Project) => lacks !== undefined && !isForCi;
const leftOut = Object.entries(PROJECTS).filter(([, project]) => isLeftOut(project));
if (leftOut.length > 0) {
  const lines = leftOut.map(([name, { lacks }]) => `LEFT OUT: the tests of the project "${name}" (${lacks})\n`);
  // After the results, where it is seen.
  process.once('exit', () => process.stderr.write(`\n${lines.join('')}`));
}

/** Files of more than half a minute: started at the end, they would leave cores idle. */
const LONGEST = [
  'live/floodlight.test.ts',
  'live/faults.test.ts',
  'live/groups.test.ts',
  'live/scenarios.test.ts',
  'live/floodlight-docker.test.ts',
  'floodlight/container.test.ts',
  'live/main-job.test.ts',
  'live/bad-controller.test.ts',
  'live/floodlight-entries.test.ts',
];
/** Then the others that start labs, which wait more than they compute. */
const PROJECTS_IN_ORDER = ['live', 'docker', 'contract', 'drivers', 'program', 'pure'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification) => {
      const index = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}`));
      return index < 0 ? LONGEST.length + PROJECTS_IN_ORDER.indexOf(project.name) : index;
    };
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // Each file that starts labs has lab names and a run folder of its own.
    maxWorkers: 4,
    projects: Object.entries(PROJECTS)
      .filter(([, project]) => !isLeftOut(project))
      .map(
        ([name, { include, exclude = [], globalSetup = [] }]): TestProjectConfiguration => ({
          test: {
            ...{ name, testTimeout: 240_000, hookTimeout: 240_000, maxWorkers: 4 },
            // Files share a process, one after another: what they load is loaded once.
            isolate: false,
            include: [...include],
            exclude: [...exclude],
            globalSetup: [...globalSetup],
          },
        }),
      ),
  },
});
