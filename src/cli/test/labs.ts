import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControllerOrder } from '../../drivers/controllers.ts';
import { RemoteLab } from '../../lab/process/remote-lab.ts';
import { clearRemains } from '../../lab/process/run-folder.ts';
import { LabService } from '../../lab/process/service.ts';
import { StandbyLab } from '../../lab/process/standby.ts';
import type { ScenarioLab } from '../../lab/scenario/run.ts';
import { type Problem, problemsOf } from '../../model/problem.ts';
import type { LabSpec } from '../../spec/read.ts';
import type { Watching } from '../output/progress.ts';
import { programFile } from '../programs/program-file.ts';
import { simulatedLab } from '../programs/simulated-lab.ts';

/** A spec as the lab of a scenario is brought up from it. */
export interface LabSource {
  readonly file: string;
  readonly text: string;
  readonly spec: LabSpec;
}

/** A lab that is up, for one scenario. */
interface OpenLab extends ScenarioLab {
  /** Ends it with everything that belongs to it, and returns what could not be cleaned up. */
  close(): Promise<readonly Problem[]>;
}

/** Brings up a lab for a scenario; when it throws, nothing is left of it. */
export type LabOpener = (source: LabSource, watching: Watching) => Promise<OpenLab>;

/** Labs that were opened by this process so far. */
let opened = 0;

/** A name that no other lab has: those of other runs have other processes. */
function nextName(): string {
  opened += 1;
  return `test-${process.pid}-${opened}`;
}

/** Labs on Mininet, each in a process of its own that ends with this one, however this one ends. */
export function mininetLabs(order: {
  readonly controller: ControllerOrder;
  readonly datapath?: 'kernel' | 'user';
}): LabOpener {
  return async ({ file, text }, { signal, onProgress }) => {
    const name = nextName();
    const standby = new StandbyLab(programFile('lab-program'));
    try {
      const specPath = resolve(file);
      await standby.launch(
        { name, specFile: file, specPath, specText: text, dataPlane: 'mininet', isTemporary: true, ...order },
        { signal, onProgress },
      );
    } finally {
      await standby.dismiss();
    }
    const lab = foundOrCleared(name);
    return {
      noCommands: undefined,
      run: (command, input, options) => lab.run(command, input, options),
      wait: async (ms, either) => {
        await sleep(ms, undefined, { signal: either });
      },
      close: async () => {
        const left = (await RemoteLab.named(name)?.down(onProgress)) ?? [];
        clearRemains(name);
        return left;
      },
    };
  };
}

/** @throws ProblemError when the lab has died since it came up */
function foundOrCleared(name: string): RemoteLab {
  try {
    return RemoteLab.find(name);
  } catch (error) {
    clearRemains(name);
    throw error;
  }
}

/**
 * Labs that are computed in this process: they need no other, leave nothing, and are up at once. Time passes in them when
 * a scenario waits, and takes none.
 * @param restPort the first to try for the controller's REST interface
 */
export function simulatedLabs(restPort: number): LabOpener {
  return async ({ file, text, spec }, { signal, onProgress }) => {
    let skippedMs = 0;
    const lab = simulatedLab(spec, restPort, () => performance.now() + skippedMs);
    const close = async () => {
      try {
        await lab.down();
        return [];
      } catch (error) {
        return problemsOf(error);
      }
    };
    try {
      await lab.up({ signal, report: onProgress });
    } catch (error) {
      await close();
      throw error;
    }
    const identity = { name: nextName(), specFile: file, specText: text, startedAt: new Date().toISOString() };
    const service = new LabService(lab, identity, close);
    return {
      noCommands: 'the simulated data plane runs no commands',
      run: (command, input, options) =>
        service.run(command, input, { signal: options.signal, report: options.onProgress }),
      wait: async (ms) => {
        skippedMs += ms;
      },
      close,
    };
  };
}
