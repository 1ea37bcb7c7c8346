import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** What tests start that could outlive them. */
const STARTED = /lab-program|resident\.py|ovs-vswitchd|ovsdb-server|ovs-testcontroller|dockerd|floodlight-stand-in/;
const VARIABLE = 'LABCTL_TEST_RUN';

/** Vitest's global set-up: after all tests, none of the processes that they have started may be left. */
export default function watchOverProcesses(): () => Promise<void> {
  // Whatever a test starts inherits it; it is the same for each project of the run.
  process.env[VARIABLE] ??= randomUUID();
  const run = process.env[VARIABLE];
  return async () => {
    const deadline = performance.now() + 20_000;
    while (leftOf(run).length > 0 && performance.now() < deadline) await sleep(100);
    const left = leftOf(run);
    if (left.length === 0) return;
    // Vitest prints the error, and would end as if nothing were wrong.
    process.exitCode = 1;
    throw new Error(`tests have left processes:\n${left.join('\n')}`);
  };
}

/** Process ids and command lines. */
function leftOf(run: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const isOurs = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`${VARIABLE}=${run}`);
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return isOurs && STARTED.test(command) ? [`${pid} ${command}`] : [];
      } catch {
        return [];
      }
    });
}
