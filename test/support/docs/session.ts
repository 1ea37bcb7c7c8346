import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { appearsIn, commandsOf, isShell, type Page, type PageCommand, ROOT } from './pages.ts';

/** What a shell made of a command. */
interface Ran {
  readonly exitCode: number;
  /** Standard output and errors, less the lines of progress. */
  readonly output: readonly string[];
}

/** In the shell's output, before each command and after it. */
const BEGIN = '\x1e';
const END = '\x1f';
/** Many commands, on a machine that does other things too. */
export const LONGEST_SESSION_MS = 240_000;

/**
 * A folder in which the commands of one page run as a reader runs them: `labctl` on PATH is the built program,
 * `topologies/` is at hand, `import 'labctl'` finds the library, and labs are no other's.
 */
class DocSession {
  readonly folder = mkdtempSync('/tmp/ld-');
  readonly #env: NodeJS.ProcessEnv;

  /** @param variables for its environment, beside those of every session */
  constructor(variables: Readonly<Record<string, string>>) {
    const bin = join(this.folder, 'bin');
    mkdirSync(bin);
    const program = join(ROOT, 'dist/labctl.cjs');
    writeFileSync(join(bin, 'labctl'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`);
    chmodSync(join(bin, 'labctl'), 0o755);
    symlinkSync(join(ROOT, 'topologies'), join(this.folder, 'topologies'));
    mkdirSync(join(this.folder, 'node_modules'));
    symlinkSync(ROOT, join(this.folder, 'node_modules/labctl'));
    const PATH = `${bin}:${dirname(process.execPath)}:${process.env['PATH']}`;
    const own = { PATH, HOME: this.folder, LABCTL_RUN_DIR: join(this.folder, 'r'), NO_COLOR: '1' };
    // What the tests' own processes are known by.
    const { LABCTL_TEST_RUN } = process.env;
    this.#env = { LABCTL_CONTROLLER: 'embedded', ...own, LABCTL_TEST_RUN, ...variables };
  }

  /** Puts the files of a page into the folder: blocks that are marked `file: NAME`. */
  write({ blocks }: Page): void {
    for (const { mark, lines } of blocks) {
      const name = /^file: (\S+)$/.exec(mark ?? '')?.[1];
      if (name === undefined) continue;
      mkdirSync(dirname(join(this.folder, name)), { recursive: true });
      writeFileSync(join(this.folder, name), `${lines.join('\n')}\n`);
    }
  }

  /** Runs commands one after another in one shell. A command that ends the shell has no result, nor those after it. */
  async run(commands: readonly string[]): Promise<readonly Ran[]> {
    const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
    const script = commands.map((command) => `printf '${BEGIN}'\neval ${quoted(command)}\nprintf '${END}%d\\n' $?`);
    const { stdout } = await execa(
      'bash',
      ['--norc', '-c', ['exec 2>&1', 'shopt -s expand_aliases', ...script].join('\n')],
      {
        cwd: this.folder,
        env: this.#env,
        extendEnv: false,
        stdin: 'ignore',
        reject: false,
        timeout: LONGEST_SESSION_MS,
      },
    );
    return stdout
      .split(BEGIN)
      .slice(1)
      .flatMap((text): readonly Ran[] => {
        const [output = '', status] = text.split(END);
        if (status === undefined) return [];
        const lines = output.split('\n').filter((line) => !line.startsWith('... '));
        return [{ exitCode: Number(status), output: lines }];
      });
  }

  /** Ends what is left of labs, and removes the folder. */
  async clean(): Promise<void> {
    await this.run(['labctl down --all']);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A command of a page, and what became of it; nothing where the shell did not come to it. */
export interface RanOfPage {
  readonly command: PageCommand;
  readonly ran: Ran | undefined;
  /** The TypeScript type of what it prints, where the page says so: `type: NAME` is the mark of such a block. */
  readonly type: string | undefined;
}

/** The commands of a page that are marked to be run in a way, such as `simulated`. */
export function commandsToRun({ blocks }: Page, way: string): readonly Omit<RanOfPage, 'ran'>[] {
  return blocks.flatMap((block): readonly Omit<RanOfPage, 'ran'>[] => {
    if (isShell(block) && block.mark === `run: ${way}`) {
      return commandsOf(block).map((command) => ({ command, type: undefined }));
    }
    const [, type, line] = /^type: (\w+) of (.*)$/.exec(block.mark ?? '') ?? [];
    if (type === undefined || line === undefined || way !== 'simulated') return [];
    return commandsOf({ ...block, language: 'sh', lines: [line] }).map((command) => ({ command, type }));
  });
}

/** Runs the commands of a page in one session. */
export async function runPage(page: Page, way: string, variables: Readonly<Record<string, string>>) {
  const commands = commandsToRun(page, way);
  const session = new DocSession(variables);
  try {
    session.write(page);
    const ran = await session.run(commands.map(({ command }) => command.command));
    return commands.map((each, index): RanOfPage => ({ ...each, ran: ran[index] }));
  } finally {
    await session.clean();
  }
}

/** What is not as the page says; empty where all is. */
export function faultsOf(results: readonly RanOfPage[]): readonly string[] {
  return results.flatMap(({ command: { where, command, exitCode, output }, ran }) => {
    const at = `${where}: ${command}`;
    if (ran === undefined) return [`${at}\nwas not reached`];
    const printed = ran.output.join('\n');
    if (ran.exitCode !== exitCode) return [`${at}\nends with ${ran.exitCode}, and not ${exitCode}:\n${printed}`];
    return appearsIn(output, ran.output) ? [] : [`${at}\nprints otherwise than\n${output.join('\n')}\n---\n${printed}`];
  });
}
