import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentProblem, ProblemError } from '../../model/problem.ts';
import { INSTALLATION } from '../../spec/installation.ts';
import { FloodlightClient } from '../pusher/client.ts';
import {
  askDocker,
  type ComposeCommand,
  composeWithImage,
  EMBEDDED,
  ENGINE_TIMEOUT_MS,
  engineProblem,
  indented,
  isOnPath,
  printable,
  silence,
} from './docker-engine.ts';

/** Floodlight as somebody has started it with this repository's compose file. */
export interface ReachableFloodlight {
  /** As `http://127.0.0.1:8080`. */
  readonly url: string;
  /** On the same address. */
  readonly openFlowPort: number;
}

export interface FloodlightContainerOptions {
  /** The lab's name; one container runs per name and Docker engine. */
  readonly lab: string;
  readonly image: string;
  /** Whether an image that the engine lacks may be pulled. */
  readonly pull: boolean;
  /** The first ports to try on loopback. */
  readonly restPort: number;
  readonly openFlowPort: number;
  /** Where all that Floodlight and compose print goes. */
  readonly logFile: string;
  /** For Floodlight to answer once its container runs; 120 s by default. */
  readonly timeoutMs?: number;
  /** For an earlier container of this name to be removed; longer than that takes, by default 20 s. */
  readonly removalMs?: number;
}

const COMPOSE_FILE = join(INSTALLATION, 'docker-compose.yml');
/** Inside the container, as docker-compose.yml publishes them. */
const REST_PORT = 8080;
const OPENFLOW_PORT = 6653;
/** How many ports are tried in search of a free one. */
const PORTS_TRIED = 200;
const LAST_PORT = 0xffff;
/** How often another port is taken when somebody is faster to use the one that was free. */
const MOST_STARTS = 5;
/** For compose to have the container run. */
const CONTAINER_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 120_000;
const REMOVAL_TIMEOUT_MS = 20_000;
const POLL_MS = 150;
/** Between two looks whether the container runs. */
const LOOK_MS = 1_000;
const LOG_LINES_SHOWN = 20;

/** How often, every half second, a container that ended is looked for, as somebody may only restart it. */
const LOOKS = { beforeItAnswered: 2, afterwards: 20 } as const;

/** Printed into the log after Floodlight's own words, before those of the removal. */
const REMOVAL_MARK = 'labctl: removing the container and its network';

/**
 * Runs compose in the foreground and removes what it made, however compose ends and however labctl's process ends:
 * that process's death sends TERM. Compose ends also when somebody restarts the container: it is then followed again.
 * Engines under load take seconds to start it. USR1 says that Floodlight has answered: then this is waited for.
 * `timeout` puts compose into a process group of its own and passes TERM to all of it, as an older `docker` does not
 * pass it to its compose plugin. Where compose did not see with which code the container ended, as happens when it ends
 * at once, Docker is asked. Docker itself removes container and network, in a tenth of the time that compose needs; what
 * compose was about to make when it was interrupted may appear a moment after its end.
 * Arguments: labctl's process id, the mark, Docker's filter for the container and its network, the compose command.
 */
const RUN_AND_REMOVE = `
parent=$1 mark=$2 filter=$3 up= asked= answered= looks=${LOOKS.beforeItAnswered}
recreate='--force-recreate --renew-anon-volumes'
shift 3
runs() { [ -n "$(docker ps --quiet --filter "$filter")" ]; }
remove_container() {
  ids=$(docker ps --all --quiet --filter "$filter") && { [ -z "$ids" ] || docker rm --force --volumes $ids >/dev/null; }
}
remove() {
  remove_container && ids=$(docker network ls --quiet --filter "$filter") &&
  { [ -z "$ids" ] || docker network rm $ids >/dev/null; }
}
stop() {
  asked=1
  [ -z "$up" ] || { remove_container 2>/dev/null; kill -TERM "$up" 2>/dev/null; }
}
trap stop TERM INT HUP
trap 'answered=1 looks=${LOOKS.afterwards}' USR1
[ "$PPID" = "$parent" ] || exit 0
while
  timeout --kill-after=15 0 "$@" up --no-color --no-log-prefix $recreate --timeout 2 &
  up=$!
  [ -z "$asked" ] || kill -TERM "$up"
  while kill -0 "$up" 2>/dev/null; do wait "$up"; done
  up= recreate=--no-recreate
  left=$looks
  while [ -z "$asked" ] && [ "$left" -gt 0 ] && sleep 0.5 && ! runs; do left=$((left - 1)); done
  [ -z "$asked" ] && [ "$left" -gt 0 ]
do :; done
trap '' TERM INT HUP
[ -n "$asked" ] || grep -q ' exited with code [0-9]' /proc/$$/fd/1 ||
  docker ps --all --filter "$filter" --format '{{.Names}} {{.Status}}' |
  sed -n 's/ Exited (\\([0-9]*\\)).*/ exited with code \\1/p'
echo "$mark"
if [ -n "$asked" ] && [ -z "$answered" ]; then remove || exit; sleep 0.5; fi
remove
`;

/**
 * A Floodlight that somebody started with the compose file and not through labctl; undefined where there is none.
 * @throws the signal's reason when it is aborted
 */
export async function runningByHand(signal: AbortSignal): Promise<ReachableFloodlight | undefined> {
  if (!(await isOnPath('docker'))) return undefined;
  const filter = 'label=org.labctl.controller=floodlight';
  const format = '{{.Label "org.labctl.lab"}}\t{{.Ports}}';
  const { failed, stdout } = await askDocker(['ps', '--filter', filter, '--format', format], signal);
  if (failed) return undefined;
  return stdout
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([lab]) => lab === '')
    .map(([, ports = '']) => reachableAt(ports))
    .find((floodlight) => floodlight !== undefined);
}

/** Reads Docker's list of ports, as `127.0.0.1:6653->6653/tcp, 127.0.0.1:8080->8080/tcp`. */
function reachableAt(ports: string): ReachableFloodlight | undefined {
  const hostPort = (port: number) =>
    new RegExp(`(?:127\\.0\\.0\\.1|0\\.0\\.0\\.0):(\\d+)->${port}/tcp`).exec(ports)?.[1];
  const rest = hostPort(REST_PORT);
  const openFlow = hostPort(OPENFLOW_PORT);
  return rest === undefined || openFlow === undefined
    ? undefined
    : { url: `http://127.0.0.1:${rest}`, openFlowPort: Number(openFlow) };
}

/** Floodlight in a container of its own for one lab, on loopback; removed when this process ends, however it ends. */
export class FloodlightContainer implements ReachableFloodlight {
  readonly url: string;
  readonly openFlowPort: number;
  /** Resolves when the container ended without being asked to, with the reason. */
  readonly died: Promise<string>;
  readonly #run: ComposeRun;

  private constructor(run: ComposeRun, openFlowPort: number, url: string) {
    this.#run = run;
    this.openFlowPort = openFlowPort;
    this.url = url;
    this.died = run.diedByItself;
  }

  /**
   * Starts the container, and waits until its REST interface says that it is healthy.
   * @throws ProblemError when it cannot be started, ends, or does not answer in time, with the end of its log; the
   *   signal's reason when that is aborted. Nothing is left in either case.
   */
  static async start(
    options: FloodlightContainerOptions,
    signal: AbortSignal,
    onStep: (step: string) => void,
  ): Promise<FloodlightContainer> {
    if (!existsSync(COMPOSE_FILE)) throw composeFileMissing();
    const compose = await composeWithImage(options, signal, onStep);
    await waitForEarlier(options, signal, onStep);
    for (let start = 1; ; start += 1) {
      // Who lost a race for a port looks elsewhere, so as not to meet the same lab again.
      const spread = start === 1 ? 0 : Math.floor(Math.random() * PORTS_TRIED);
      const restPort = await freePort(options.restPort, spread);
      const openFlowPort = await freePort(options.openFlowPort, spread, restPort);
      const url = `http://127.0.0.1:${restPort}`;
      onStep(`starting Floodlight in Docker (${options.image})`);
      const run = new ComposeRun(compose, options, { rest: restPort, openFlow: openFlowPort });
      try {
        await run.answers(url, signal, onStep);
        run.waitForRestarts();
        return new FloodlightContainer(run, openFlowPort, url);
      } catch (error) {
        await run.stop().catch((left: ProblemError) => {
          throw error instanceof ProblemError ? new ProblemError([...error.problems, ...left.problems]) : left;
        });
        if (start === MOST_STARTS || !(error instanceof PortsTaken)) throw error;
      }
    }
  }

  /** The last lines that Floodlight printed; none once it is stopped. */
  get log(): readonly string[] {
    return this.#run.log();
  }

  /**
   * Removes the container and its network. Safe to call at any time, and twice.
   * @throws ProblemError when Docker could not remove them
   */
  stop(): Promise<void> {
    return this.#run.stop();
  }
}

/** Thrown when somebody else listens on a port that Floodlight was to have. */
class PortsTaken extends ProblemError {}

/** One run of compose, with the container that it made. */
class ComposeRun {
  readonly diedByItself: Promise<string>;
  readonly #options: FloodlightContainerOptions;
  readonly #ports: { readonly rest: number; readonly openFlow: number };
  readonly #send: (signal: 'SIGTERM' | 'SIGUSR1') => void;
  /** Resolves after the removal, with what went wrong with it. */
  readonly #ended: Promise<string | undefined>;
  #stopping = false;

  constructor(
    compose: ComposeCommand,
    options: FloodlightContainerOptions,
    ports: { readonly rest: number; readonly openFlow: number },
  ) {
    this.#options = options;
    this.#ports = ports;
    const command = [...compose, '--project-name', projectOf(options.lab), '--file', COMPOSE_FILE];
    // A file, not a pipe: with this process dead, a pipe would end compose before it has removed anything.
    const log = openSync(options.logFile, 'w');
    const child = spawn(
      'setpriv',
      [
        ...['--pdeathsig', 'TERM', '--', 'sh', '-c', RUN_AND_REMOVE, 'sh'],
        ...[`${process.pid}`, REMOVAL_MARK, projectFilter(options.lab), ...command],
      ],
      {
        stdio: ['ignore', log, log],
        env: {
          ...process.env,
          LABCTL_FLOODLIGHT_IMAGE: options.image,
          LABCTL_REST_PORT: `${ports.rest}`,
          LABCTL_OPENFLOW_PORT: `${ports.openFlow}`,
          LABCTL_LAB_NAME: options.lab,
          PYTHONUNBUFFERED: '1',
        },
      },
    );
    closeSync(log);
    this.#send = (signal) => child.kill(signal);
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) => resolve(code === 0 ? undefined : `${signal ?? `exit code ${code}`}`));
    });
    this.diedByItself = new Promise((resolve) => {
      this.#ended.then(() => {
        if (!this.#stopping) resolve(this.#lastWords());
      });
    });
  }

  /** @throws ProblemError when it ended or did not answer in time; the signal's reason when that is aborted */
  async answers(url: string, signal: AbortSignal, onStep: (step: string) => void): Promise<void> {
    const { timeoutMs = ANSWER_TIMEOUT_MS } = this.#options;
    const client = new FloodlightClient({ url, timeoutMs: ENGINE_TIMEOUT_MS });
    let ended = false;
    this.#ended.then(() => {
      ended = true;
    });
    // Before the container runs, what answers at the port may be another lab's.
    let runs = false;
    try {
      onStep(`waiting for Floodlight to answer at ${url}`);
      let deadline = performance.now() + CONTAINER_TIMEOUT_MS;
      let nextLook = 0;
      while (!ended && performance.now() < deadline) {
        const answered = await client.health(signal).catch(() => false);
        if (runs && answered) return;
        // A program each time, unlike the question to Floodlight.
        if (!runs && (answered || performance.now() >= nextLook)) {
          runs = (await this.#containers(signal)) !== '';
          nextLook = performance.now() + LOOK_MS;
          if (runs) deadline = performance.now() + timeoutMs;
          if (runs && answered) continue;
        }
        await Promise.race([this.#ended, sleep(POLL_MS, undefined, { signal }).catch(() => {})]);
        signal.throwIfAborted();
      }
    } finally {
      await client.close();
    }
    if (ended) throw this.#startFailure();
    const what = runs ? `Floodlight did not answer at ${url}` : "Floodlight's container did not start";
    throw this.#silence(`${what} within ${(runs ? timeoutMs : CONTAINER_TIMEOUT_MS) / 1000} s`);
  }

  /** From now on, a container that ends may be one that somebody restarts. */
  waitForRestarts(): void {
    this.#send('SIGUSR1');
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#send('SIGTERM');
    const trouble = await this.#ended;
    if (trouble === undefined) return;
    const { lab } = this.#options;
    throw new ProblemError(
      environmentProblem({
        code: 'container-left',
        where: 'Docker',
        cause: indented("Floodlight's container or its network could not be removed", this.#removalLog()),
        remedy: `remove it: docker rm --force $(docker ps --all --quiet --filter ${projectFilter(lab)}); docker network rm ${projectOf(lab)}_default`,
      }),
      { cause: new Error(trouble) },
    );
  }

  /** The ids of its containers that run; none while the engine is too busy to say. */
  async #containers(signal: AbortSignal): Promise<string> {
    const { stdout } = await askDocker(['ps', '--quiet', '--filter', projectFilter(this.#options.lab)], signal);
    return stdout;
  }

  #startFailure(): ProblemError {
    const log = this.log();
    const text = log.join('\n');
    // In lower case it is Docker's; Java's own complaint, from inside the container, begins with a capital.
    if (/port is already allocated|address already in use/.test(text)) {
      return portsTaken(`${this.#ports.rest} or ${this.#ports.openFlow}`);
    }
    return new ProblemError(
      environmentProblem({
        code: 'container-ended',
        where: `Docker image ${this.#options.image}`,
        cause: indented(`Floodlight's container ended before it answered${exitCodeIn(log)}`, log),
        remedy: `see whether the image is one of Floodlight (LABCTL_FLOODLIGHT_IMAGE names another one), ${EMBEDDED}`,
      }),
    );
  }

  #silence(sentence: string): ProblemError {
    return new ProblemError(
      environmentProblem({
        code: 'container-timeout',
        where: `Docker image ${this.#options.image}`,
        cause: indented(sentence, this.log()),
        remedy: `see whether the image is one of Floodlight (LABCTL_FLOODLIGHT_IMAGE names another one), ${EMBEDDED}`,
      }),
    );
  }

  #lastWords(): string {
    const log = this.log();
    const last = log.filter((line) => exitCodeIn([line]) === '').at(-1);
    return `Floodlight's container ended${exitCodeIn(log)}${last === undefined ? '' : `: ${last}`}`;
  }

  /** The end of what Floodlight and compose said, without the removal. */
  log(): readonly string[] {
    const [words = ''] = this.#logParts();
    return words.split('\n').slice(-LOG_LINES_SHOWN);
  }

  #removalLog(): readonly string[] {
    const [, words = ''] = this.#logParts();
    return words.split('\n').slice(-LOG_LINES_SHOWN);
  }

  #logParts(): readonly string[] {
    const text = existsSync(this.#options.logFile) ? readFileSync(this.#options.logFile, 'utf8') : '';
    return text.split(REMOVAL_MARK).map((part) => printable(part).trim());
  }
}

/**
 * Waits until nothing of an earlier lab of this name is there: one whose process was killed is still being removed.
 * What does not run is no hindrance in the end: compose takes it over.
 * @throws ProblemError when a container goes on running, as a lab of another run folder or user may own it
 */
async function waitForEarlier(
  { lab, image, removalMs = REMOVAL_TIMEOUT_MS }: FloodlightContainerOptions,
  signal: AbortSignal,
  onStep: (step: string) => void,
): Promise<void> {
  const filter = projectFilter(lab);
  const ids = async (...args: readonly string[]) => {
    const { failed, stdout, stderr, timedOut } = await askDocker([...args, '--quiet', '--filter', filter], signal);
    if (failed) throw new ProblemError(engineProblem(silence(stderr, timedOut), image));
    return stdout;
  };
  // In this order, which is the one of the removal.
  const remains = async () => (await ids('ps', '--all')) || (await ids('network', 'ls'));
  if ((await remains()) === '') return;
  onStep('waiting for the container of an earlier lab of this name to be removed');
  const deadline = performance.now() + removalMs;
  while (performance.now() < deadline) {
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
    if ((await remains()) === '') return;
  }
  const container = await ids('ps');
  if (container === '') return;
  throw new ProblemError(
    environmentProblem({
      code: 'container-of-this-name',
      where: 'Docker',
      offending: projectOf(lab),
      cause: `another lab of this name runs its controller in container ${container}`,
      remedy: `give this lab another name with --lab, or, where that lab is gone: docker rm --force ${container}`,
    }),
  );
}

/**
 * A free port on loopback, of the first ones from `first` on; the search begins `spread` ports later.
 * @throws PortsTaken when somebody listens on each
 */
async function freePort(first: number, spread: number, except?: number): Promise<number> {
  const candidates = Array.from({ length: PORTS_TRIED }, (_, index) => first + ((index + spread) % PORTS_TRIED));
  for (const port of candidates) if (port !== except && port <= LAST_PORT && (await isFree(port))) return port;
  const last = Math.min(first + PORTS_TRIED - 1, LAST_PORT);
  throw portsTaken(last === first ? `${first}` : `${first} to ${last}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function portsTaken(ports: string): PortsTaken {
  return new PortsTaken(
    environmentProblem({
      code: 'port-taken',
      where: `127.0.0.1, port ${ports}`,
      cause: 'another program listens there already',
      remedy: '`ss --listening --tcp --numeric --processes` names the program; end it, or choose other ports',
    }),
  );
}

function composeFileMissing(): ProblemError {
  return new ProblemError(
    environmentProblem({
      code: 'no-compose-file',
      where: { kind: 'file', file: COMPOSE_FILE },
      cause: 'there is no such file: it is a part of labctl, and starts Floodlight in Docker',
      remedy: 'install labctl again',
    }),
  );
}

/** Compose's name for all that belongs to a lab. */
function projectOf(lab: string): string {
  return `labctl-${lab}`;
}

/** For Docker's lists: what compose made for a lab. */
function projectFilter(lab: string): string {
  return `label=com.docker.compose.project=${projectOf(lab)}`;
}

/** The container's exit code as the log tells it, as a clause; empty where it does not. */
function exitCodeIn(log: readonly string[]): string {
  const codes = log.flatMap((line) => / exited with code (\d+)$/.exec(line)?.[1] ?? []);
  const [code] = codes.slice(-1);
  if (code === undefined) return '';
  return ` with exit code ${code}${code === '137' ? ' (killed)' : ''}`;
}
