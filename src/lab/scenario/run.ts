import { describeFaults, type Fault } from '../../model/fault.ts';
import { ReachabilityMatrix } from '../../model/matrix.ts';
import { countedEntries } from '../../model/openflow.ts';
import { hostOfPoint } from '../../model/points.ts';
import { environmentProblem, ProblemError, problemsOf } from '../../model/problem.ts';
import {
  type Action,
  describeAction,
  type Expectation,
  type HostCommand,
  type Scenario,
  type ScenarioStep,
  type Throughput,
} from '../../model/scenario.ts';
import { judge } from '../../verify/verdict.ts';
import type { CommandInput, CommandName, CommandOutput } from '../commands/types.ts';
import { type ExplainedDifference, type ExplainedUnknown, explained } from '../documents/comparison.ts';
import type { EntryDocument } from '../documents/entries.ts';
import { observedMatrix } from '../documents/matrices.ts';
import type { Observation } from '../observation.ts';
import type { LabProgress } from '../running.ts';
import { runCommand } from './host-command.ts';
import { oneLine, type StepResult } from './result.ts';

/** The lab of a scenario: a process of its own, or computed in this one. */
export interface ScenarioLab {
  /** Why it runs no commands on hosts; undefined where it does. */
  readonly noCommands: string | undefined;
  run<C extends CommandName>(
    command: C,
    input: CommandInput<C>,
    options: { readonly signal: AbortSignal; readonly onProgress: (progress: LabProgress) => void },
  ): Promise<CommandOutput<C>>;
  /** Lets time pass in it. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export interface ScenarioOptions {
  readonly signal: AbortSignal;
  readonly onStep: (step: string) => void;
  readonly onProgress: (progress: LabProgress) => void;
  /** Goes on after an expectation that failed. */
  readonly keepGoing: boolean;
  /** The working folder of commands. */
  readonly folder: string;
  /** The entries of a step that has some. */
  readonly entriesOf: (step: ScenarioStep) => readonly EntryDocument[];
}

/** The result of a step, without its name and its duration. */
type Course = Pick<StepResult, 'outcome' | 'message'> &
  Partial<Pick<StepResult, 'differences' | 'output' | 'problems'>>;

/**
 * Does the steps of a scenario on a lab that is up, one after another until one of them fails. Never throws: that the
 * signal is aborted, or the lab dies, is an error of the step at which it happens.
 */
export async function runScenario(
  lab: ScenarioLab,
  { steps }: Scenario,
  options: ScenarioOptions,
): Promise<readonly StepResult[]> {
  const course = new ScenarioCourse(lab, options);
  const results: StepResult[] = [];
  let isOver = false;
  for (const step of steps) {
    if (isOver) {
      results.push(notRun(step));
      continue;
    }
    options.onStep(describeAction(step.action));
    const begin = performance.now();
    const { outcome, message, differences = [], output = null, problems = [] } = await course.step(step);
    const seconds = Math.round(performance.now() - begin) / 1000;
    results.push({ ...stepOf(step), outcome, seconds, message, differences, output, problems });
    isOver = outcome === 'error' || (outcome === 'failed' && !options.keepGoing);
  }
  return results;
}

/** A step that was not done, as one before it failed or the lab did not come up. */
export function notRun(step: ScenarioStep): StepResult {
  return {
    ...stepOf(step),
    outcome: 'not-run',
    seconds: 0,
    message: null,
    differences: [],
    output: null,
    problems: [],
  };
}

function stepOf({ where, action }: ScenarioStep): Pick<StepResult, 'kind' | 'step' | 'where'> {
  return { kind: action.kind, step: describeAction(action), where };
}

/** A scenario that is being run. */
class ScenarioCourse {
  readonly #lab: ScenarioLab;
  readonly #options: ScenarioOptions;
  /** What the network answered since it was last changed; `connect` and the like ping too. */
  #observation: Observation | undefined;
  /** Whether a command was skipped, which may have changed what the network does. */
  #lacksCommand = false;

  constructor(lab: ScenarioLab, options: ScenarioOptions) {
    this.#lab = lab;
    this.#options = options;
  }

  async step(step: ScenarioStep): Promise<Course> {
    const { signal } = this.#options;
    const { action } = step;
    try {
      signal.throwIfAborted();
      if (action.kind === 'expect') return this.#judged(await this.#expect(action.expectation));
      this.#observation = undefined;
      return await this.#change(step, action);
    } catch (error) {
      if (signal.aborted) return { outcome: 'error', message: 'interrupted' };
      const problems = problemsOf(error);
      return { outcome: 'error', message: problems.map(oneLine).join('; '), problems };
    }
  }

  #run<C extends CommandName>(command: C, input: CommandInput<C>): Promise<CommandOutput<C>> {
    const { signal, onProgress } = this.#options;
    return this.#lab.run(command, input, { signal, onProgress });
  }

  async #change(step: ScenarioStep, action: Exclude<Action, { kind: 'expect' }>): Promise<Course> {
    switch (action.kind) {
      case 'connect': {
        const { members, ways, via, avoid } = action.connection;
        const request = {
          hosts: members,
          ...(ways === undefined ? {} : { ways }),
          ...(via === undefined ? {} : { via }),
          ...(avoid === undefined ? {} : { avoid }),
        };
        return this.#changed(await this.#run('connect', request));
      }
      case 'disconnect':
        return this.#changed(await this.#run('disconnect', { hosts: action.connection.members }));
      case 'entries': {
        const { pushed, unchanged, warnings } = await this.#run('entries apply', {
          entries: this.#options.entriesOf(step),
        });
        const there = unchanged.length > 0 ? [`${unchanged.length} there already`] : [];
        return passed([`${countedEntries(pushed.length)} pushed`, ...there, ...warnings.map(oneLine)].join(', '));
      }
      case 'fault':
        for (const fault of action.faults) await this.#setFault('down', fault);
        return passed(undefined);
      case 'heal': {
        if (action.faults === 'all') {
          await this.#run('fault clear', { repair: true });
          return this.#changed(await this.#run('heal', {}));
        }
        for (const fault of action.faults) await this.#setFault('up', fault);
        return passed(undefined);
      }
      case 'wait':
        await this.#lab.wait(action.ms, this.#options.signal);
        return passed(undefined);
      case 'exec':
        this.#lacksCommand ||= this.#lab.noCommands !== undefined;
        return this.#skipped() ?? this.#exec(action);
      case 'iperf':
        return this.#skipped() ?? this.#iperf(action);
    }
  }

  #skipped(): Course | undefined {
    const { noCommands } = this.#lab;
    return noCommands === undefined ? undefined : { outcome: 'skipped', message: noCommands };
  }

  /** What is not as expected after a skipped command may be so for want of it. */
  #judged(course: Course): Course {
    if (course.outcome !== 'failed' || !this.#lacksCommand) return course;
    return { outcome: 'skipped', message: 'not as expected, but a command before it was skipped, which may be why' };
  }

  #changed(change: CommandOutput<'connect'>): Course {
    this.#observation = change;
    const counts = [
      ...(change.pushed > 0 ? [`${countedEntries(change.pushed)} pushed`] : []),
      ...(change.removed > 0 ? [`${countedEntries(change.removed)} removed`] : []),
    ];
    return passed(counts.join(', ') || undefined);
  }

  async #setFault(state: 'down' | 'up', fault: Fault): Promise<void> {
    if (fault.kind === 'link') await this.#run('link', { state, link: fault, repair: true });
    else await this.#run('switch', { state, switchName: fault.name, repair: true });
  }

  async #expect(expectation: Expectation): Promise<Course> {
    const observation = await this.#observe(expectation);
    const { received, pairs } =
      expectation.kind === 'matrix'
        ? observedMatrix(observation).among(expectation.matrix.hosts)
        : { received: observation.received, pairs: observation.pairs };
    if (expectation.kind === 'predicted' && observation.predicted === null) {
      const message = 'there is no prediction: labctl cannot read some entries of the switches';
      return { outcome: 'failed', message };
    }
    const { differences, unknown } = verdictOn(expectation, observation);
    const compared = expectation.kind === 'pairs' ? expectation.pairs.length : pairs;
    const open = unknown.filter((pair) => pair.expected !== null);
    const { unheard, faults } = observation;
    const down = faults.length === 0 ? '' : `, with ${describeFaults(faults)}`;
    if (unheard !== null && differences.length === 0 && (open.length > 0 || expectation.kind === 'predicted')) {
      const remedy = 'run fewer labs at once, see --jobs, then test again';
      const problem = environmentProblem({ code: 'unheard', where: 'pingall', cause: unheard, remedy });
      return { outcome: 'error', message: unheard, problems: [problem] };
    }
    if (differences.length === 0 && open.length > 0) {
      const what = `${open.length} of ${compared} ${compared === 1 ? 'pair' : 'pairs'} ${open.length === 1 ? 'is' : 'are'}`;
      const [first] = await this.#explained(open);
      const why = first?.why === undefined ? '' : `: ${first.source} -> ${first.target}: ${first.why}`;
      return { outcome: 'failed', message: `${what} unknown${down}, and ${nameOf(expectation)} rests on that${why}` };
    }
    if (differences.length === 0) {
      const undecided = expectation.kind === 'predicted' ? (observation.predicted?.undecided ?? 0) : 0;
      const left = undecided === 0 ? '' : `, ${undecided} pairs cannot be foreseen`;
      const isTold = expectation.kind !== 'pairs' && !(expectation.kind === 'matrix' && expectation.name === undefined);
      return passed(isTold ? `${received}/${pairs}${left}${down}` : undefined);
    }
    const differ = differences.length === 1 ? 'differs' : 'differ';
    return {
      outcome: 'failed',
      message: `${differences.length} of ${compared} pairs ${differ} from ${nameOf(expectation)}${down}`,
      differences: await this.#explained(differences),
    };
  }

  /** Every address is asked only where an expectation names others than those of hosts. */
  async #observe(expectation: Expectation): Promise<Observation> {
    const names =
      expectation.kind === 'matrix'
        ? expectation.matrix.hosts
        : expectation.kind === 'pairs'
          ? expectation.pairs.flatMap(({ source, target }) => [source, target])
          : [];
    const known = new Set(this.#observation?.hosts);
    if (this.#observation === undefined || !names.every((name) => known.has(name))) {
      const addresses = names.some((name) => hostOfPoint(name) !== name);
      this.#observation = await this.#run('pingall', addresses ? { addresses } : {});
    }
    return this.#observation;
  }

  async #explained<P extends ExplainedUnknown>(unexplained: readonly P[]): Promise<readonly P[]> {
    if (unexplained.every(({ why }) => why !== undefined)) return unexplained;
    const pairs = unexplained.map(({ source, target }) => ({ source, target }));
    // Differences are told also where labctl cannot read some entries, and so cannot explain them.
    const { reasons } = await this.#run('reasons', { pairs }).catch((error: unknown) => {
      if (error instanceof ProblemError) return { reasons: [] };
      throw error;
    });
    return explained(unexplained, reasons);
  }

  async #exec({ host, argv, exitCode, output: pattern, timeoutMs }: HostCommand): Promise<Course> {
    const { folder, signal } = this.#options;
    // timeout(1) also ends what the command has started. From outside of the lab's namespace that is not possible.
    const limited = ['env', `--chdir=${folder}`, 'timeout', '--kill-after=1', `${timeoutMs / 1000}`, ...argv];
    const command = await this.#run('exec', { host, argv: limited });
    const begin = performance.now();
    const { code, output } = await runCommand(command, signal);
    const end = { output: output.slice(-LONGEST_OUTPUT) };
    const failed = (message: string): Course => ({ outcome: 'failed', message, ...end });
    if (code === TIMED_OUT && performance.now() - begin >= timeoutMs) {
      return failed(`it had not ended after ${timeoutMs / 1000} s`);
    }
    if (code !== exitCode) return failed(`exit code ${code}, where ${exitCode} is expected`);
    if (pattern?.kind === 'text' && !output.includes(pattern.text)) {
      return failed(`its output does not hold ${JSON.stringify(pattern.text)}`);
    }
    if (pattern?.kind === 'regex' && !new RegExp(pattern.source, pattern.flags).test(output)) {
      return failed(`its output does not match /${pattern.source}/${pattern.flags}`);
    }
    return { ...passed(undefined), ...end };
  }

  async #iperf({ source, target, atLeastMbps, atMostMbps }: Throughput): Promise<Course> {
    const request = { source, target, protocol: 'tcp', seconds: IPERF_SECONDS } as const;
    const { mbps, why } = await this.#run('iperf', request);
    if (mbps === null) return { outcome: 'failed', message: `nothing came through: ${why}` };
    const figure = `${mbps.toFixed(1)} Mbit/s`;
    if (atLeastMbps !== undefined && mbps < atLeastMbps) {
      return { outcome: 'failed', message: `${figure}, where at least ${atLeastMbps} are expected` };
    }
    if (atMostMbps !== undefined && mbps > atMostMbps) {
      return { outcome: 'failed', message: `${figure}, where at most ${atMostMbps} are expected` };
    }
    return passed(figure);
  }
}

/** For how long an iperf step measures: TCP has long found what the links carry. */
const IPERF_SECONDS = 3;

/** What timeout(1) answers when it ended the command. */
const TIMED_OUT = 124;

/** Of a command's output, in characters, as much as is kept in the result: its end. */
const LONGEST_OUTPUT = 4_096;

function passed(message: string | undefined): Course {
  return { outcome: 'passed', message: message ?? null };
}

function verdictOn(
  expectation: Expectation,
  observation: Observation,
): { readonly differences: readonly ExplainedDifference[]; readonly unknown: readonly ExplainedUnknown[] } {
  const observed = observedMatrix(observation);
  switch (expectation.kind) {
    case 'matrix':
      return judge(expectation.matrix, observed);
    case 'pairs': {
      const asked = new Map(expectation.pairs.map(({ source, target, reaches }) => [`${source} ${target}`, reaches]));
      // What is not named is left open.
      const expected = new ReachabilityMatrix(
        observed.hosts,
        (source, target) => asked.get(`${source} ${target}`) ?? null,
      );
      return judge(expected, observed);
    }
    case 'predicted':
      return { differences: observation.predicted?.surprises ?? [], unknown: [] };
    case 'asked':
      return observation;
  }
}

function nameOf(expectation: Expectation): string {
  switch (expectation.kind) {
    case 'matrix':
      return expectation.name === undefined ? 'what this step expects' : `the expectation "${expectation.name}"`;
    case 'pairs':
      return 'what this step expects';
    case 'predicted':
      return "what the switches' entries predict";
    case 'asked':
      return 'what the spec and its connections ask for';
  }
}
