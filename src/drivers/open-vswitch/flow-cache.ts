import { environmentProblem, ProblemError } from '../../model/problem.ts';
import { quoted, type ShellPool } from './shell-pool.ts';

/** A revalidator that has much to do is waited for. */
const PATIENCE_MS = 60_000;

/**
 * Removes the flows that ovs-vswitchd has cached, and what `NORMAL` has learnt by entries that are gone: the next packets go
 * by what the tables say.
 *
 * Open vSwitch keeps cached flows when tables change, and changes their actions in place. Its userspace datapath looks
 * for the one to be changed by its key and not by its id until 2.17.8, 3.0.5 and 3.1.3 (Debian 12 has 3.1.0): where two
 * of them overlap, as one from before a change and one from after it may, the next change is made in the wrong one, and
 * the other goes on sending packets by an entry that is gone. See Open vSwitch's commit 21410ff80, "dpif-netdev:
 * Fix dpif_netdev_flow_put". Flows that are all made by the same entries do not overlap.
 *
 * Not to be called again before it is done: ovs-vswitchd would wait for ever.
 * @param control its control socket
 */
export async function forgetCachedFlows(control: string, shells: ShellPool): Promise<void> {
  // Waits for each answer: what was given up might still be done, and the next one come in the wrong state.
  const appctl = `ovs-appctl -t ${quoted(control)}`;
  const revalidators = (what: 'pause' | 'purge' | 'resume') => `${appctl} revalidator/${what}`;
  // Until 3.1.4 a purge leaves out flows that the revalidators have in their hands.
  const script = `${revalidators('pause')} && { ${revalidators('purge')}; purged=$?; ${revalidators('resume')} && [ $purged = 0 ]; } && ${appctl} fdb/flush`;
  const { exitCode, stderr } = await shells
    .run(script, PATIENCE_MS)
    .catch((error: Error) => ({ exitCode: 1, stderr: error.message }));
  if (exitCode === 0) return;
  throw new ProblemError(
    environmentProblem({
      code: 'cache-not-emptied',
      where: 'Open vSwitch',
      cause: `its cached flows could not be removed: ${stderr.trim()}`,
      remedy: '`labctl status` shows whether the lab is up',
    }),
  );
}
