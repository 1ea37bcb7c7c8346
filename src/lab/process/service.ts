import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { z } from 'zod';
import { inputProblem, type Problem, ProblemError, problemsOf } from '../../model/problem.ts';
import { type Command, enveloped, type LabIdentity, type ServedLab } from '../commands/command.ts';
import * as table from '../commands/table.ts';
import type { CommandInput, CommandName, CommandOutput } from '../commands/types.ts';
import type { Lab } from '../lab.ts';
import type { LabProgress, Running } from '../running.ts';

/** One line of an answer: progress lines first, then one result or the problems. */
export type AnswerLine =
  | { readonly progress: LabProgress }
  | { readonly result: unknown }
  | { readonly problems: readonly Problem[] };

type AnyCommand = Command<string, z.ZodType, z.ZodType<object>>;

const COMMANDS: ReadonlyMap<string, AnyCommand> = new Map(
  Object.values(table).map((each: AnyCommand) => [each.name, each]),
);

/**
 * Serves a lab's commands over HTTP on a Unix socket: POST /NAME with JSON, answered by JSON lines. Commands that
 * change the lab, and pingall, run one after another in the order in which they came. A caller that goes away ends its
 * command.
 */
export class LabService {
  readonly #served: ServedLab;
  readonly #server: Server;
  #last: Promise<unknown> = Promise.resolve();
  #current: string | undefined;

  /** @param end ends the lab and returns what could not be cleaned up; called for the command `down` */
  constructor(lab: Lab, identity: LabIdentity, end: () => Promise<readonly Problem[]>) {
    this.#served = { lab, identity, end };
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async listen(socket: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(socket, resolve);
    });
  }

  close(): void {
    if (this.#server.listening) this.#server.close();
  }

  /** Does a command for a caller in this process. */
  run<C extends CommandName>(name: C, input: CommandInput<C>, running: Running): Promise<CommandOutput<C>> {
    return this.#run(name, input, running) as Promise<CommandOutput<C>>;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the command was interrupted')));
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    const write = (line: AnswerLine) => response.write(`${JSON.stringify(line)}\n`);
    try {
      const name = decodeURIComponent((request.url ?? '').slice(1));
      const body: unknown = JSON.parse(await readBody(request));
      const running: Running = { signal: gone.signal, report: (progress) => write({ progress }) };
      write({ result: await this.#run(name, body, running) });
    } catch (error) {
      write({ problems: problemsOf(error) });
    }
    response.end();
  }

  async #run(name: string, input: unknown, running: Running): Promise<unknown> {
    const command = COMMANDS.get(name);
    if (command === undefined)
      throw new ProblemError(otherVersion('unknown-command', name, 'does not know this command'));
    const read = command.input.safeParse(input);
    if (!read.success) {
      const where = `labctl ${name}`;
      throw new ProblemError(otherVersion('wrong-input', where, `does not take this input: ${described(read.error)}`));
    }
    const act = async () =>
      enveloped(command, this.#served.identity.name, await command.run(this.#served, read.data, running));
    if (!command.waits) return act();
    if (this.#current !== undefined) running.report({ step: `waiting until \`labctl ${this.#current}\` is done` });
    const turn = this.#last.then(async () => {
      running.signal.throwIfAborted();
      this.#current = name;
      try {
        return await act();
      } finally {
        this.#current = undefined;
      }
    });
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/** Commands and inputs come from labctl itself. */
function otherVersion(code: 'unknown-command' | 'wrong-input', where: string, what: string): Problem {
  return inputProblem({
    code,
    where,
    cause: `the lab was started by another version of labctl, which ${what}`,
    remedy: 'labctl down, then labctl up',
  });
}

function described({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => [...path, message].join(': ')).join('; ');
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}
