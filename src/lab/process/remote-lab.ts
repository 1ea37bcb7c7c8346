import { type IncomingMessage, request } from 'node:http';
import { environmentProblem, inputProblem, type Problem, ProblemError } from '../../model/problem.ts';
import type { CommandInput, CommandName, CommandOutput } from '../commands/types.ts';
import type { LabProgress } from '../running.ts';
import { knownLab, knownLabs, type LabRecord, lastingLabs, startTicksOf } from './records.ts';
import { clearRemains, commandSocket } from './run-folder.ts';
import type { AnswerLine } from './service.ts';

/** How long `down` waits for the lab's process before it is killed. */
const PATIENCE_MS = 10_000;

/** A running lab as other processes see it: its commands over its Unix socket. */
export class RemoteLab {
  readonly record: LabRecord;

  private constructor(record: LabRecord) {
    this.record = record;
  }

  /**
   * The running lab of this name, or the only one where no name is given.
   * @throws ProblemError when there is none, or several to choose from
   */
  static find(name: string | undefined): RemoteLab {
    const labs = name === undefined ? lastingLabs() : knownLabs();
    const running = labs.flatMap((lab) => (lab.state === 'running' ? [lab] : []));
    const [only] = running;
    const found =
      name === undefined ? (running.length === 1 ? only : undefined) : running.find((lab) => lab.name === name);
    if (found !== undefined) return new RemoteLab(found.record);
    const names = running.map((lab) => lab.name).join(', ');
    if (name === undefined && running.length > 1) {
      throw new ProblemError(
        inputProblem({
          code: 'several-labs',
          where: { kind: 'option', option: '--lab' },
          cause: `several labs are running: ${names}`,
          remedy: `say which one: --lab ${only?.name ?? 'NAME'}`,
        }),
      );
    }
    const starting = labs.find((lab) => lab.state === 'starting' && (name === undefined || lab.name === name));
    if (starting !== undefined) {
      throw new ProblemError(
        inputProblem({
          code: 'lab-starting',
          where: `lab ${starting.name}`,
          cause: 'the lab is still coming up',
          remedy: 'wait until its `labctl up` is done',
        }),
      );
    }
    const ended = labs.find((lab) => lab.state === 'ended' && (name === undefined || lab.name === name));
    throw new ProblemError(
      inputProblem({
        code: 'no-lab',
        ...(name === undefined ? {} : { where: `lab ${name}` }),
        cause:
          ended?.state === 'ended'
            ? `lab ${ended.name} is not running any more: ${ended.reason}`
            : name === undefined
              ? 'no lab is running'
              : `no lab of this name is running${names === '' ? '' : ` (running: ${names})`}`,
        remedy: `start one: labctl up ${name ?? ended?.name ?? 's10h10'}`,
      }),
    );
  }

  /** The lab of this name, if it has a process. */
  static named(name: string): RemoteLab | undefined {
    const lab = knownLab(name);
    return lab === undefined || lab.state === 'ended' ? undefined : new RemoteLab(lab.record);
  }

  /**
   * Has the lab's process do something.
   * @throws ProblemError of the lab, or when its process does not answer
   */
  async run<C extends CommandName>(
    command: C,
    input: CommandInput<C>,
    options: { readonly signal?: AbortSignal; readonly onProgress?: (progress: LabProgress) => void } = {},
  ): Promise<CommandOutput<C>> {
    try {
      const body = await this.#post(command, input, options.signal);
      for await (const text of linesOf(body)) {
        const line = JSON.parse(text) as AnswerLine;
        if ('progress' in line) options.onProgress?.(line.progress);
        else if ('problems' in line) throw new ProblemError(line.problems);
        else return line.result as CommandOutput<C>;
      }
      throw new Error('the answer broke off');
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      options.signal?.throwIfAborted();
      const lab = knownLab(this.record.name);
      throw new ProblemError(
        environmentProblem({
          code: 'lab-gone',
          where: `lab ${this.record.name}`,
          cause: `the lab ended during this command: ${lab?.state === 'ended' ? lab.reason : (error as Error).message}`,
          remedy: `labctl down ${this.record.name}, then labctl up`,
        }),
        { cause: error },
      );
    }
  }

  /** node:http and not undici: loading undici takes longer than most commands, and this goes to a socket of ours. */
  #post(command: string, input: unknown, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const options = {
        socketPath: commandSocket(this.record.name),
        agent: false,
        // Of TLS; where it is not given, Node takes milliseconds to find whether the host is an IP address.
        servername: '',
        method: 'POST',
        path: `/${encodeURIComponent(command)}`,
        ...(signal === undefined ? {} : { signal }),
      };
      request(options).once('response', resolve).on('error', reject).end(JSON.stringify(input));
    });
  }

  /**
   * Ends the lab and everything of it; a process that does not answer is killed. Hold the lab's lock.
   * @returns what could not be cleaned up; the lab has ended all the same
   */
  async down(onProgress: (progress: LabProgress) => void): Promise<readonly Problem[]> {
    const options = { onProgress, signal: AbortSignal.timeout(PATIENCE_MS) };
    const { left } = await this.run('down', {}, options).catch(() => ({ left: [] }));
    const ended = await waitUntil(() => !this.#isAlive(), 2_000);
    if (!ended) {
      process.kill(this.record.pid, 'SIGKILL');
      await waitUntil(() => !this.#isAlive(), 2_000);
    }
    clearRemains(this.record.name);
    return left;
  }

  #isAlive(): boolean {
    return startTicksOf(this.record.pid) === this.record.startTicks;
  }
}

async function* linesOf(body: IncomingMessage): AsyncGenerator<string> {
  let unread = '';
  for await (const chunk of body.setEncoding('utf8')) {
    const lines = (unread + String(chunk)).split('\n');
    unread = lines.pop() ?? '';
    yield* lines;
  }
}

/** Polls until the condition holds; false when it did not within the time. */
async function waitUntil(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}
