import { Command, type Option } from 'commander';
import { EXIT } from './exit-codes.ts';
import { formatOption, labOption, topoOption } from './options.ts';

/** A command of labctl, with the options that nearly all of them have. */
export class LabctlCommand extends Command {
  override createCommand(name?: string): LabctlCommand {
    return new LabctlCommand(name);
  }

  /** Lets `--lab` and `--topo` say which running lab it is about; with some commands, which spec. */
  aboutLab(): this {
    return this.addOption(labOption()).addOption(topoOption());
  }

  /** Adds these options, in this order. */
  withOptions(options: readonly Option[]): this {
    for (const option of options) this.addOption(option);
    return this;
  }

  /** Lets `--format` choose between text and JSON. */
  withFormat(): this {
    return this.addOption(formatOption());
  }

  /**
   * Says what the command does.
   * @param run takes the arguments, then the options; returns the exit code, or nothing where that is 0
   */
  does<Given extends unknown[]>(run: (...given: Given) => Promise<number> | Promise<void>): this {
    return this.action(async (...given) => {
      process.exitCode = (await run(...(given as unknown[] as Given))) ?? EXIT.asExpected;
    });
  }
}
