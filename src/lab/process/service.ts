import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { inputProblem, type Problem, ProblemError } from '../../model/problem.ts';
import {
  connectionChangeDocument,
  entriesAppliedDocument,
  entriesDocument,
  explanationDocument,
  faultsDocument,
  observationDocument,
  predictionDocument,
  readEntries,
  sendEntries,
  statusDocument,
  stepsDocument,
  switchesDocument,
} from '../answers.ts';
import { DOCUMENT_VERSION, type LabCommand, type LabCommands, type SuppositionDocument } from '../documents.ts';
import type { Supposition } from '../forecast.ts';
import type { Lab } from '../lab.ts';
import type { LabProgress, Running } from '../running.ts';

/** One line of an answer: progress lines first, then one result or the problems. */
export type AnswerLine =
  | { readonly progress: LabProgress }
  | { readonly result: unknown }
  | { readonly problems: readonly Problem[] };

/** Who the lab is, beside what it does. */
export interface LabIdentity {
  readonly name: string;
  readonly specFile: string;
  readonly specText: string;
  /** ISO 8601 */
  readonly startedAt: string;
}

/** Commands that only look, and need not wait until another command is done. */
const AT_ONCE: ReadonlySet<LabCommand> = new Set([
  'spec',
  'status',
  'switches',
  'net',
  'command',
  'capture',
  'entries',
  'predict',
  'explain',
  'reasons',
]);

/** What people type for commands of other names. */
const TYPED: Readonly<Partial<Record<LabCommand, string>>> = {
  changeFaults: 'labctl link, switch or fault',
  applyEntries: 'labctl entries apply',
  sendEntries: 'labctl entries apply --force',
  deleteEntries: 'labctl entries delete',
  clearEntries: 'labctl entries clear',
};

/**
 * Serves a lab's commands over HTTP on a Unix socket: POST /NAME with JSON, answered by JSON lines. Commands that
 * change the lab, and pingall, run one after another in the order in which they came. A caller that goes away ends its
 * command.
 */
export class LabService {
  readonly #lab: Lab;
  readonly #identity: LabIdentity;
  readonly #server: Server;
  readonly #onDown: () => Promise<readonly Problem[]>;
  #last: Promise<unknown> = Promise.resolve();
  #current: LabCommand | undefined;

  /** @param onDown ends the lab and returns what could not be cleaned up; called for the command `down` */
  constructor(lab: Lab, identity: LabIdentity, onDown: () => Promise<readonly Problem[]>) {
    this.#lab = lab;
    this.#identity = identity;
    this.#onDown = onDown;
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
  run<C extends LabCommand>(
    command: C,
    input: LabCommands[C]['input'],
    running: Running,
  ): Promise<LabCommands[C]['output']> {
    return this.#run(command, input, running) as Promise<LabCommands[C]['output']>;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the command was interrupted')));
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    const write = (line: AnswerLine) => response.write(`${JSON.stringify(line)}\n`);
    try {
      const command = (request.url ?? '').slice(1);
      const body: unknown = JSON.parse(await readBody(request));
      const running: Running = { signal: gone.signal, report: (progress) => write({ progress }) };
      write({ result: await this.#run(command, body, running) });
    } catch (error) {
      write({ problems: problemsOf(error) });
    }
    response.end();
  }

  async #run(command: string, input: unknown, running: Running): Promise<unknown> {
    const commands = this.#commands;
    if (!isCommand(commands, command)) {
      throw new ProblemError(
        inputProblem({
          code: 'unknown-command',
          where: command,
          cause: 'the lab was started by another version of labctl, which does not know this command',
          remedy: 'labctl down, then labctl up',
        }),
      );
    }
    const handler = commands[command] as (input: unknown, running: Running) => Promise<unknown>;
    if (AT_ONCE.has(command)) return handler(input, running);
    if (this.#current !== undefined) {
      const typed = TYPED[this.#current] ?? `labctl ${this.#current}`;
      running.report({ step: `waiting until \`${typed}\` is done` });
    }
    const turn = this.#last.then(async () => {
      running.signal.throwIfAborted();
      this.#current = command;
      try {
        return await handler(input, running);
      } finally {
        this.#current = undefined;
      }
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  readonly #commands: {
    readonly [C in LabCommand]: (input: LabCommands[C]['input'], running: Running) => Promise<LabCommands[C]['output']>;
  } = {
    spec: async () => ({ file: this.#identity.specFile, text: this.#identity.specText }),
    status: async (_, { signal }) =>
      statusDocument(
        this.#identity.name,
        this.#identity.specFile,
        this.#identity.startedAt,
        await this.#lab.status(signal),
      ),
    pingall: async ({ expectation }, running) =>
      observationDocument(this.#identity.name, await this.#lab.pingall(expectation, running)),
    predict: async ({ expectation, supposition }, running) =>
      predictionDocument(this.#identity.name, await this.#lab.predict(expectation, supposed(supposition), running)),
    explain: async ({ source, target, supposition, verify }, { signal }) =>
      explanationDocument(
        this.#identity.name,
        await this.#lab.supposed(supposed(supposition), signal),
        { source, target },
        verify ? (trace) => this.#lab.verify(trace) : undefined,
      ),
    reasons: async ({ differences }, { signal }) => ({ reasons: await this.#lab.reasons(differences, signal) }),
    plan: async ({ request }, { signal }) => stepsDocument(this.#identity.name, await this.#lab.plan(request, signal)),
    connect: async (request, running) =>
      connectionChangeDocument(this.#identity.name, await this.#lab.connect(request, running)),
    heal: async (_, running) => connectionChangeDocument(this.#identity.name, await this.#lab.heal(running)),
    disconnect: async ({ hosts }, running) =>
      connectionChangeDocument(this.#identity.name, await this.#lab.disconnect(hosts, running)),
    connections: async () => ({ connections: this.#lab.connections.map(({ members }) => members) }),
    changeFaults: async ({ request, repair, measure }, running) =>
      faultsDocument(this.#identity.name, await this.#lab.changeFaults(request, { repair, measure }, running), measure),
    faults: async () => faultsDocument(this.#identity.name, this.#lab.faultsNow, undefined),
    net: async () => ({ lines: await this.#lab.net() }),
    iperf: async (request, running) => ({
      version: DOCUMENT_VERSION,
      lab: this.#identity.name,
      ...(await this.#lab.iperf(request, running)),
    }),
    capture: async ({ at, form, count, filter }) => ({
      commands: this.#lab.capture(at, { form, count: count ?? undefined, filter }),
    }),
    command: async ({ host, argv }) => this.#lab.commandOn(host, argv),
    entries: async (_, { signal }) => entriesDocument(this.#identity.name, await this.#lab.entries(signal)),
    applyEntries: async ({ entries }, running) =>
      entriesAppliedDocument(
        this.#identity.name,
        await this.#lab.applyEntries(
          readEntries(entries, (_, index) => ({ kind: 'entry', entry: index + 1 })),
          running,
        ),
      ),
    sendEntries: ({ entries }, { signal }) =>
      sendEntries(this.#identity.name, entries, (bodies) => this.#lab.sendUnchecked(bodies, signal)),
    deleteEntries: async ({ names }, { signal }) =>
      entriesDocument(this.#identity.name, await this.#lab.deleteEntries(names, signal)),
    clearEntries: async ({ switchName }, { signal }) =>
      entriesDocument(this.#identity.name, await this.#lab.clearEntries(switchName, signal)),
    switches: async (_, { signal }) => switchesDocument(this.#identity.name, await this.#lab.switches(signal)),
    role: async ({ role, switchName }, running) => {
      await this.#lab.setRole(role, switchName, running);
      return switchesDocument(this.#identity.name, await this.#lab.switches(running.signal));
    },
    down: async () => ({ lab: this.#identity.name, left: await this.#onDown() }),
  };
}

/** What a caller supposes, its entries read. */
function supposed({ entries, faults }: SuppositionDocument): Supposition {
  return { entries: readEntries(entries, (_, index) => ({ kind: 'entry', entry: index + 1 })), faults };
}

function isCommand(commands: object, name: string): name is LabCommand {
  return Object.hasOwn(commands, name);
}

/** What went wrong, as problems; a defect of labctl itself becomes one too. */
export function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof ProblemError) return error.problems;
  const message = error instanceof Error ? error.message : String(error);
  return [{ kind: 'environment', code: 'unforeseen', cause: message }];
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}
