import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { environmentProblem, type Problem, ProblemError } from '../../model/problem.ts';

/** Docker's engine, compose and images, as far as a lab needs them. */

/** The program that reads `docker-compose.yml`: Docker's plugin (version 2), or the older program of its own. */
export type ComposeCommand = readonly ['docker', 'compose'] | readonly ['docker-compose'];

/** What this machine's Docker can do for a lab. */
export type EngineFinding =
  /** An engine answers and has the image, and a compose program can start it. */
  | { readonly kind: 'ready'; readonly compose: ComposeCommand }
  | { readonly kind: 'no-image' }
  | { readonly kind: 'no-compose' }
  | { readonly kind: 'no-docker' }
  | { readonly kind: 'no-answer'; readonly reason: SilenceReason; readonly detail: string };

/** Why an engine does not answer. */
type SilenceReason = 'not-running' | 'permission-denied' | 'timeout' | 'other';

/** For the engine to answer a short question. */
export const ENGINE_TIMEOUT_MS = 6_000;
/** The remedy that always helps. */
export const EMBEDDED = 'or run the lab on the embedded controller: --controller embedded';

/**
 * Asks Docker's engine for an image, by one command of some 10 ms; looks for compose only where the image is there.
 * @throws the signal's reason when it is aborted
 */
export async function findEngine({
  image,
  signal,
  timeoutMs,
}: {
  readonly image: string;
  readonly signal: AbortSignal;
  /** For the engine to answer; 6 s by default. */
  readonly timeoutMs?: number;
}): Promise<EngineFinding> {
  if (!(await isOnPath('docker'))) return { kind: 'no-docker' };
  const { failed, stderr, timedOut } = await askDocker(
    ['image', 'inspect', '--format', '{{.Id}}', image],
    signal,
    timeoutMs,
  );
  if (failed) return /no such image/i.test(stderr) ? { kind: 'no-image' } : silence(stderr, timedOut);
  const compose = await findCompose(signal);
  return compose === undefined ? { kind: 'no-compose' } : { kind: 'ready', compose };
}

/** Why Floodlight cannot be run in Docker, and what to do about it. */
export function engineProblem(finding: Exclude<EngineFinding, { kind: 'ready' }>, image: string): Problem {
  switch (finding.kind) {
    case 'no-docker':
      return environmentProblem({
        code: 'no-docker',
        where: 'Docker',
        cause: 'there is no program `docker` on PATH',
        remedy: `install Docker (Debian: sudo apt-get install docker.io docker-compose), ${EMBEDDED}`,
      });
    case 'no-compose':
      return environmentProblem({
        code: 'no-compose',
        where: 'Docker',
        cause: 'there is neither `docker compose` nor `docker-compose`',
        remedy: 'install one: sudo apt-get install docker-compose (Ubuntu: docker-compose-v2)',
      });
    case 'no-image':
      return environmentProblem({
        code: 'no-image',
        where: 'Docker',
        offending: image,
        cause: "Docker's engine does not have the image",
        remedy: `pull it: docker pull ${image} (\`--controller floodlight\` does so), ${EMBEDDED}`,
      });
    case 'no-answer':
      return environmentProblem({
        code: 'no-engine',
        where: 'Docker',
        cause: `Docker's engine ${SILENCE[finding.reason].cause}`,
        ...(finding.reason === 'other' ? { offending: finding.detail } : {}),
        remedy: SILENCE[finding.reason].remedy,
      });
  }
}

const SILENCE: Readonly<Record<SilenceReason, { readonly cause: string; readonly remedy: string }>> = {
  'not-running': {
    cause: 'is not running',
    remedy: `start it: sudo systemctl start docker, ${EMBEDDED}`,
  },
  'permission-denied': {
    cause: 'does not let you use it: permission denied on its socket',
    remedy: `add yourself to the group docker (sudo usermod -aG docker "$USER") and log in again, ${EMBEDDED}`,
  },
  timeout: {
    cause: `did not answer within ${ENGINE_TIMEOUT_MS / 1000} s`,
    remedy: `see what \`docker info\` says, ${EMBEDDED}`,
  },
  other: {
    cause: 'cannot be used',
    remedy: `see what \`docker info\` says, ${EMBEDDED}`,
  },
};

/**
 * The compose command of an engine that has the image, pulled where that is allowed and needed.
 * @throws ProblemError, or the signal's reason when that is aborted
 */
export async function composeWithImage(
  { image, pull }: { readonly image: string; readonly pull: boolean },
  signal: AbortSignal,
  onStep: (step: string) => void,
): Promise<ComposeCommand> {
  const finding = await findEngine({ image, signal });
  if (finding.kind === 'ready') return finding.compose;
  if (finding.kind !== 'no-image' || !pull) throw new ProblemError(engineProblem(finding, image));
  const compose = await findCompose(signal);
  if (compose === undefined) throw new ProblemError(engineProblem({ kind: 'no-compose' }, image));
  await pullImage(image, signal, onStep);
  return compose;
}

/** Pulls an image, saying how many of its layers are there. */
async function pullImage(image: string, signal: AbortSignal, onStep: (step: string) => void): Promise<void> {
  onStep(`pulling ${image}`);
  const { execa } = await import('execa');
  const pulling = execa('docker', ['pull', image], { stdin: 'ignore', cancelSignal: signal, reject: false });
  const layers = new Map<string, boolean>();
  for await (const line of pulling) {
    const [, layer, state] = /^([0-9a-f]{12}): (.+)$/.exec(line) ?? [];
    if (layer === undefined || state === undefined) continue;
    const before = layers.get(layer);
    layers.set(layer, before === true || /^(?:Pull complete|Already exists)$/.test(state));
    if (before === layers.get(layer)) continue;
    const there = [...layers.values()].filter((complete) => complete).length;
    onStep(`pulling ${image}: ${there} of ${layers.size} layers`);
  }
  const result = await pulling;
  signal.throwIfAborted();
  if (!result.failed) return;
  throw new ProblemError(
    environmentProblem({
      code: 'image-not-pulled',
      where: `Docker image ${image}`,
      cause: indented(
        'the image cannot be pulled',
        printable(result.stderr || (result.shortMessage ?? ''))
          .trim()
          .split('\n'),
      ),
      remedy: `see whether the network is there and the name is right (LABCTL_FLOODLIGHT_IMAGE sets it), ${EMBEDDED}`,
    }),
    { cause: result },
  );
}

/** Runs a short Docker command; failures are in the result. */
export async function askDocker(
  args: readonly string[],
  signal: AbortSignal,
  timeoutMs = ENGINE_TIMEOUT_MS,
): Promise<{ readonly failed: boolean; readonly timedOut: boolean; readonly stdout: string; readonly stderr: string }> {
  signal.throwIfAborted();
  const { execa } = await import('execa');
  const result = await execa('docker', args, {
    stdin: 'ignore',
    reject: false,
    timeout: timeoutMs,
    cancelSignal: signal,
  });
  signal.throwIfAborted();
  return result;
}

/** What it means that the engine refused or did not answer. */
export function silence(stderr: string, timedOut: boolean): Extract<EngineFinding, { kind: 'no-answer' }> {
  const detail = printable(stderr).trim();
  if (timedOut) return { kind: 'no-answer', reason: 'timeout', detail };
  // The daemon's absence reads "Cannot connect to the Docker daemon", since version 28 "failed to connect to the docker API".
  if (/permission denied while trying to connect/i.test(stderr)) {
    return { kind: 'no-answer', reason: 'permission-denied', detail };
  }
  if (/cannot connect to the docker daemon|failed to connect to the docker api/i.test(stderr)) {
    return { kind: 'no-answer', reason: 'not-running', detail };
  }
  return { kind: 'no-answer', reason: 'other', detail };
}

/** Docker's own plugin where it is, else the older program. */
async function findCompose(signal: AbortSignal): Promise<ComposeCommand | undefined> {
  const { failed } = await askDocker(['compose', 'version'], signal);
  if (!failed) return ['docker', 'compose'];
  return (await isOnPath('docker-compose')) ? ['docker-compose'] : undefined;
}

/** By looking: without Docker, no process is started. */
export async function isOnPath(program: string): Promise<boolean> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const found = await Promise.all(
    folders.map((folder) =>
      access(join(folder, program), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

/** A sentence, and below it what a program said. */
export function indented(sentence: string, log: readonly string[]): string {
  return [sentence, ...log.filter((line) => line !== '')].join('\n    ');
}

/** Without what could move a terminal's cursor. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
  return text.replace(/\u001b\[[0-9;?]*[a-zA-Z]/g, '').replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '');
}
