import type { LabctlCommand } from '../command.ts';
import type { FormatOptions } from '../options.ts';
import { localTime, printAnswer, remark, table } from '../output/terminal.ts';

export function add(program: LabctlCommand): void {
  program.command('ls').description('list the labs, and clean up after crashed labs').withFormat().does(ls);
}

async function ls(options: FormatOptions): Promise<void> {
  const [{ knownLab, knownLabs }, { withLabLock }, { clearRemains }] = await Promise.all([
    import('../../lab/process/records.ts'),
    import('../../lab/process/lock.ts'),
    import('../../lab/process/run-folder.ts'),
  ]);
  const labs: { name: string; state: string; spec: string; since: string; pid: number | null }[] = [];
  for (const lab of knownLabs()) {
    if (lab.state !== 'ended') {
      const { specFile, startedAt, pid } = lab.record;
      labs.push({ name: lab.name, state: lab.state, spec: specFile, since: startedAt, pid });
      continue;
    }
    // Whoever holds the lock is about to bring the lab up or down, and cleans up itself.
    const cleared = await withLabLock(
      lab.name,
      () => 'give-up',
      async () => {
        const again = knownLab(lab.name);
        if (again?.state !== 'ended') return 'changed' as const;
        clearRemains(lab.name);
        return 'cleared' as const;
      },
    );
    if (cleared === 'cleared') remark(`${lab.name} had ended by itself (${lab.reason}); cleaned up what it left`);
    else labs.push({ name: lab.name, state: 'starting', spec: '', since: '', pid: null });
  }
  printAnswer(options, { version: 1, labs }, () =>
    labs.length === 0
      ? ['no lab is running']
      : table(
          ['LAB', 'STATE', 'SPEC', 'SINCE', 'PID'],
          labs.map(({ name, state, spec, since, pid }) => [name, state, spec, localTime(since), `${pid ?? ''}`]),
        ),
  );
}
