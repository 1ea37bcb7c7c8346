import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { environmentProblem, inputProblem, ProblemError } from '../../model/problem.ts';
import type { FilePlace } from '../../model/where.ts';
import { type MininetTopology, mininetTopologySchema } from '../../spec/import/mininet.ts';
import { INSIDE } from './inside.ts';
import { isRoot, NAMESPACE_REMEDY, SANDBOX_PATH } from './machine.ts';
import { endNamespaces, spawnInNamespaces } from './namespaces.ts';

/** A Mininet custom topology, as a file for `mn --custom` has it. */
export interface TopologyProgram {
  /** Its name in problems. */
  readonly file: string;
  /** Modules that it imports may be here. */
  readonly folder: string;
  readonly source: string;
  /** Which of its topologies, with arguments, as for `mn --topo`: `tree,2`. Without it, the only one. */
  readonly topo?: string;
}

/** How long a program may take to build a graph. */
const TIME_LIMIT_SECONDS = 20;
/** In bytes; a topology of 10,000 nodes has about 3 MB. */
const LONGEST_ANSWER = 32 * 1024 * 1024;

/** What `topology_reader.py` is given. */
export const topologyRequestSchema = z.object({
  file: z.string(),
  folder: z.string(),
  source: z.string(),
  topo: z.string().nullable(),
  isRoot: z.boolean(),
});

/** What it answers; `inside/messages.py` has the same types. */
export const topologyAnswerSchema = z.union([
  z.object({ topology: mininetTopologySchema }),
  z.object({
    problem: z.object({
      cause: z.string(),
      remedy: z.string().optional(),
      /** Of the program; 0: not known. */
      line: z.int(),
      column: z.int().optional(),
      exception: z.string().optional(),
    }),
  }),
  z.object({ cannot: z.string() }),
]);

/**
 * Runs a topology program where it can do no harm (see `topology_reader.py`). In the end it is ended, and all that it
 * started.
 * @throws ProblemError when it makes no topology or takes too long, with the line at fault, or cannot be run here
 */
export async function runTopologyProgram(
  program: TopologyProgram,
  signal: AbortSignal,
  timeLimitSeconds = TIME_LIMIT_SECONDS,
): Promise<MininetTopology> {
  const child = spawnInNamespaces(join(INSIDE, 'topology_reader.py'), {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: { PATH: SANDBOX_PATH, LANG: 'C.UTF-8', HOME: '/', PYTHONDONTWRITEBYTECODE: '1' },
  });
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-4000);
  });
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', (error) => {
      words += error.message;
      resolve();
    });
  });
  const timeLimit = AbortSignal.timeout(timeLimitSeconds * 1000);
  const stop = () => endNamespaces(child);
  const conversation = child.stdio[3] as Duplex;
  for (const each of [signal, timeLimit]) each.addEventListener('abort', stop, { once: true });
  try {
    const request: z.input<typeof topologyRequestSchema> = { ...program, topo: program.topo ?? null, isRoot: isRoot() };
    const answer = await firstLine(conversation, `${JSON.stringify(request)}\n`);
    stop();
    await exited;
    signal.throwIfAborted();
    if (timeLimit.aborted) {
      throw wrongProgram(program.file, {
        cause: `the program makes no topology within ${timeLimitSeconds} s, and was stopped`,
        remedy: "let it only build the topology: what runs a network belongs under if __name__ == '__main__'",
      });
    }
    if (answer === undefined && words.trim() !== '') throw cannotRun(words.trim());
    return topologyIn(answer, program.file);
  } finally {
    for (const each of [signal, timeLimit]) each.removeEventListener('abort', stop);
    stop();
    await exited;
  }
}

/** The first line that comes back; undefined when the other side ends before that, or says too much. */
async function firstLine(conversation: Duplex, request: string): Promise<string | undefined> {
  let text = '';
  conversation.on('error', () => {}); // the end tells more
  conversation.setEncoding('utf8').write(request);
  try {
    for await (const part of conversation as AsyncIterable<string>) {
      text += part;
      if (text.endsWith('\n')) return text;
      if (text.length > LONGEST_ANSWER) return undefined;
    }
  } catch {
    // It was destroyed with the process behind it.
  }
  return undefined;
}

function topologyIn(answer: string | undefined, file: string): MininetTopology {
  const read = topologyAnswerSchema.safeParse(parsed(answer));
  if (!read.success) {
    throw wrongProgram(file, {
      cause: 'the program ended before it had made a topology, or made one that is too large',
      remedy: "let it only build the topology: what runs a network belongs under if __name__ == '__main__'",
    });
  }
  if ('topology' in read.data) return read.data.topology;
  if ('cannot' in read.data) throw cannotRun(read.data.cannot);
  const { cause, remedy = remedyFor(read.data.problem.exception), line, column } = read.data.problem;
  throw wrongProgram(file, {
    cause,
    remedy,
    ...(line > 0 ? { line } : {}),
    ...(column === undefined ? {} : { column }),
  });
}

function parsed(answer: string | undefined): unknown {
  try {
    return answer === undefined ? undefined : JSON.parse(answer);
  } catch {
    return undefined;
  }
}

function remedyFor(exception: string | undefined): string {
  switch (exception) {
    case 'ModuleNotFoundError':
      return isRoot()
        ? 'put the module beside the file; it is read as the user nobody where labctl is root'
        : 'put the module beside the file, or install it for /usr/bin/python3';
    case 'TypeError':
      return 'correct it; arguments are given as for mn: --topo NAME,3';
    case 'SystemExit':
    case 'OSError':
    case 'PermissionError':
      return "let it only build the topology: what runs a network belongs under if __name__ == '__main__'";
    default:
      return 'correct the program; it runs in a sandbox without a network, and can write no file';
  }
}

function wrongProgram(
  file: string,
  { cause, remedy, line, column }: { cause: string; remedy: string; line?: number; column?: number },
): ProblemError {
  const where: FilePlace = { kind: 'file', file, ...(line === undefined ? {} : { line, column: column ?? 1 }) };
  return new ProblemError(inputProblem({ code: 'topology-program', where, cause, remedy }));
}

/** Not the program's fault. */
function cannotRun(reason: string): ProblemError {
  const remedy = /unshare: (?:unshare failed|cannot open|write failed)/.test(reason)
    ? NAMESPACE_REMEDY
    : /mininet/.test(reason)
      ? 'sudo apt-get install mininet'
      : '`labctl doctor` checks this machine';
  return new ProblemError(
    environmentProblem({
      code: 'cannot-run-program',
      where: 'sandbox',
      cause: `a Mininet topology is a program, and cannot be run safely here: ${reason}`,
      remedy,
    }),
  );
}
