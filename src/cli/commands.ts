import type { LabctlCommand } from './command.ts';

/** A file that adds its command to the program. */
interface CommandFile {
  readonly add: (program: LabctlCommand) => void;
}

/** All commands by name, in the groups and the order of the help; loaded when they are called. */
export const COMMANDS: Readonly<Record<string, Readonly<Record<string, () => Promise<CommandFile>>>>> = {
  'Labs:': {
    up: () => import('./commands/up.ts'),
    down: () => import('./commands/down.ts'),
    ls: () => import('./commands/ls.ts'),
    status: () => import('./commands/status.ts'),
    switches: () => import('./commands/switches.ts'),
    role: () => import('./commands/role.ts'),
    logs: () => import('./commands/logs.ts'),
    doctor: () => import('./commands/doctor.ts'),
  },
  'Reachability and connections:': {
    pingall: () => import('./commands/pingall.ts'),
    predict: () => import('./commands/predict.ts'),
    explain: () => import('./commands/explain.ts'),
    connect: () => import('./commands/connect.ts'),
    disconnect: () => import('./commands/disconnect.ts'),
    heal: () => import('./commands/heal.ts'),
    plan: () => import('./commands/plan.ts'),
    paths: () => import('./commands/paths.ts'),
    net: () => import('./commands/net.ts'),
  },
  'Faults:': {
    link: () => import('./commands/link.ts'),
    switch: () => import('./commands/switch.ts'),
    fault: () => import('./commands/fault.ts'),
  },
  'Entries:': { entries: () => import('./commands/entries.ts') },
  'Hosts and traffic:': {
    exec: () => import('./commands/exec.ts'),
    shell: () => import('./commands/shell.ts'),
    iperf: () => import('./commands/iperf.ts'),
    capture: () => import('./commands/capture.ts'),
  },
  'Specs and tests:': {
    new: () => import('./commands/new.ts'),
    import: () => import('./commands/import.ts'),
    validate: () => import('./commands/validate.ts'),
    render: () => import('./commands/render.ts'),
    test: () => import('./commands/test.ts'),
  },
  'This program:': { completion: () => import('./commands/completion.ts') },
};
