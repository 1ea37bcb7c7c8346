import { withLabLock } from '../lab/process/lock.ts';
import type { ProgressLine } from './output/progress.ts';

/** Runs `work` under the lock of a lab, and says so while another command holds it. */
export async function underLock<T>(name: string, progress: ProgressLine, work: () => Promise<T>): Promise<T> {
  const wait = () => {
    progress.show({ step: `waiting for another labctl command on ${name}` });
    return 'wait' as const;
  };
  return (await withLabLock(name, wait, work)) as T;
}
