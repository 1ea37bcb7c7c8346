import type { LabctlCommand } from './command.ts';
import { addCapture } from './commands/capture.ts';
import { addCompletion } from './commands/completion.ts';
import { addConnect } from './commands/connect.ts';
import { addDisconnect } from './commands/disconnect.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDown } from './commands/down.ts';
import { addEntries } from './commands/entries.ts';
import { addExec } from './commands/exec.ts';
import { addExplain } from './commands/explain.ts';
import { addFault } from './commands/fault.ts';
import { addHeal } from './commands/heal.ts';
import { addImport } from './commands/import.ts';
import { addIperf } from './commands/iperf.ts';
import { addLink } from './commands/link.ts';
import { addLogs } from './commands/logs.ts';
import { addLs } from './commands/ls.ts';
import { addNet } from './commands/net.ts';
import { addNew } from './commands/new.ts';
import { addPaths } from './commands/paths.ts';
import { addPingall } from './commands/pingall.ts';
import { addPlan } from './commands/plan.ts';
import { addPredict } from './commands/predict.ts';
import { addRender } from './commands/render.ts';
import { addRole } from './commands/role.ts';
import { addShell } from './commands/shell.ts';
import { addStatus } from './commands/status.ts';
import { addSwitch } from './commands/switch.ts';
import { addSwitches } from './commands/switches.ts';
import { addTest } from './commands/test.ts';
import { addUp } from './commands/up.ts';
import { addValidate } from './commands/validate.ts';

/** All commands by name, in the groups and the order of the help. */
export const COMMANDS: Readonly<Record<string, Readonly<Record<string, (program: LabctlCommand) => void>>>> = {
  'Labs:': {
    up: addUp,
    down: addDown,
    ls: addLs,
    status: addStatus,
    switches: addSwitches,
    role: addRole,
    logs: addLogs,
    doctor: addDoctor,
  },
  'Reachability and connections:': {
    pingall: addPingall,
    predict: addPredict,
    explain: addExplain,
    connect: addConnect,
    disconnect: addDisconnect,
    heal: addHeal,
    plan: addPlan,
    paths: addPaths,
    net: addNet,
  },
  'Faults:': { link: addLink, switch: addSwitch, fault: addFault },
  'Entries:': { entries: addEntries },
  'Hosts and traffic:': { exec: addExec, shell: addShell, iperf: addIperf, capture: addCapture },
  'Specs and tests:': {
    new: addNew,
    import: addImport,
    validate: addValidate,
    render: addRender,
    test: addTest,
  },
  'This program:': { completion: addCompletion },
};
