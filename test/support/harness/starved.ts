import { setTimeout as sleep } from 'node:timers/promises';

/** Does work while a process is stopped again and again, as on a machine that has no time for it. */
export async function whileStarved<T>(
  pid: number,
  { stoppedMs, runsMs }: { readonly stoppedMs: number; readonly runsMs: number },
  work: () => Promise<T>,
): Promise<T> {
  let isStarved = true;
  const starve = async () => {
    while (isStarved) {
      process.kill(pid, 'SIGSTOP');
      await sleep(stoppedMs);
      process.kill(pid, 'SIGCONT');
      await sleep(runsMs);
    }
  };
  const starved = starve();
  try {
    return await work();
  } finally {
    isStarved = false;
    await starved;
  }
}
