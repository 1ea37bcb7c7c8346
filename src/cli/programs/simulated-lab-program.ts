import { runLabProcess } from '../../lab/process/lab-process.ts';
import { readSpec } from '../../spec/read.ts';
import { simulatedLab } from './simulated-lab.ts';

/** A lab's process that starts no other. */

runLabProcess(async ({ specFile, specText, controller }) => {
  if (controller.kind !== 'embedded') throw new Error('simulated switches have the embedded controller only');
  return simulatedLab(readSpec(specFile, specText), controller.restPort);
});
