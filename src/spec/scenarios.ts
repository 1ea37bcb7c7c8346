import { type Connection, sameConnection, withConnection } from '../model/connection.ts';
import { describeFault, type Fault, sameFaults } from '../model/fault.ts';
import type { ReachabilityMatrix } from '../model/matrix.ts';
import { faultsAfter, partNamed } from '../model/parts.ts';
import { hostOfPoint, pointNamed, pointsNamed, unknownPoint } from '../model/points.ts';
import type { CodeOf } from '../model/problem-codes.ts';
import type {
  Action,
  EntrySource,
  Expectation,
  ExpectedPair,
  HostCommand,
  OutputPattern,
  Scenario,
  ScenarioStep,
  Throughput,
} from '../model/scenario.ts';
import type { Topology } from '../model/topology.ts';
import { checkHosts, missingPart, readConnection } from './connections.ts';
import { readMatrix } from './expectations.ts';
import type { LocatedDocument, Path } from './located-document.ts';
import { LONGEST_TIME } from './scenario-schema.ts';
import type { SpecDocument } from './schema.ts';

/** How long a command on a host may take where its step does not say. */
const COMMAND_TIMEOUT_MS = 60_000;

/** Expectations that need no name in the spec. */
const BUILT_IN = ['predicted', 'asked'] as const;

type StepForm = NonNullable<SpecDocument['scenarios']>[string][number];
type Form<Verb extends keyof StepForm> = NonNullable<StepForm[Verb]>;

/** What scenarios refer to. */
interface Subject {
  readonly topology: Topology;
  /** Those that `up` makes. */
  readonly connections: readonly Connection[];
  readonly expectations: ReadonlyMap<string, ReachabilityMatrix>;
}

/** The scenarios of a spec; what is wrong with them is noted. */
export function readScenarios(document: LocatedDocument, form: SpecDocument, subject: Subject): readonly Scenario[] {
  const scenarios = Object.entries(form.scenarios ?? {});
  if (scenarios.length > 0) {
    for (const name of BUILT_IN.filter((each) => subject.expectations.has(each))) {
      document.add(
        ['expect'],
        {
          code: 'reserved-name',
          cause: `in a scenario \`expect: ${name}\` means something else`,
          remedy: 'choose another name for this expectation',
        },
        name,
      );
    }
  }
  return scenarios.map(([name, steps]) => {
    if (!isScenarioName(name)) {
      const cause = 'the name of a scenario has up to 100 characters, without control characters';
      document.add(['scenarios'], { code: 'scenario-name', cause, remedy: 'choose a name such as tutorial' }, name);
    }
    const reader = new StepReader(document, subject);
    const path = ['scenarios', name];
    return {
      name,
      where: document.whereIs(['scenarios'], name),
      steps: steps.flatMap((step, index): readonly ScenarioStep[] => {
        const where = document.whereIs([...path, index]);
        return reader.read([...path, index], step).map((action) => ({ where, action }));
      }),
    };
  });
}

function isScenarioName(name: string): boolean {
  return name.length >= 1 && name.length <= 100 && !/\p{Cc}/u.test(name);
}

/** Reads the steps of one scenario in their order, and so knows what is connected and what is down at each of them. */
class StepReader {
  readonly #document: LocatedDocument;
  readonly #subject: Subject;
  #connections: readonly Connection[];
  #faults: readonly Fault[] = [];

  constructor(document: LocatedDocument, subject: Subject) {
    this.#document = document;
    this.#subject = subject;
    this.#connections = subject.connections;
  }

  /** What a step does; nothing where it is wrong, which is noted. */
  read(path: Path, step: StepForm): readonly Action[] {
    const verbs = Object.keys(step) as (keyof StepForm)[];
    const [verb] = verbs;
    if (verb === undefined || verbs.length > 1) {
      this.#document.add(path, {
        code: 'one-verb',
        cause: verb === undefined ? 'a step without a verb' : `a step has one verb, and not ${verbs.join(' and ')}`,
        remedy: 'make each of them a step of its own, with a dash before it',
      });
      return [];
    }
    const action = this.#action([...path, verb], step, verb);
    return action === undefined ? [] : [action];
  }

  #action(path: Path, step: StepForm, verb: keyof StepForm): Action | undefined {
    const { connect, disconnect, entries, fault, heal, wait, exec, expect, iperf } = step;
    if (connect !== undefined) return this.#connect(path, connect);
    if (disconnect !== undefined) return this.#disconnect(path, disconnect);
    if (entries !== undefined) return { kind: 'entries', sources: [entries].flat().map(entrySource) };
    if (fault !== undefined) return { kind: 'fault', faults: this.#down(path, fault) };
    if (heal !== undefined) return { kind: 'heal', faults: this.#up(path, heal) };
    if (wait !== undefined) return { kind: 'wait', ms: this.#time(path, wait) };
    if (exec !== undefined) return this.#exec(path, exec);
    if (expect !== undefined) return this.#expect(path, expect);
    if (iperf !== undefined) return this.#iperf(path, iperf);
    throw new Error(`the verb ${verb} is in the schema and has no reader`);
  }

  #connect(path: Path, form: Form<'connect'>): Action | undefined {
    const connection = readConnection(this.#document, this.#subject.topology, path, form);
    if (connection === undefined) return undefined;
    this.#connections = withConnection(this.#connections, connection);
    return { kind: 'connect', connection };
  }

  #disconnect(path: Path, form: Form<'disconnect'>): Action | undefined {
    if (!checkHosts(this.#document, this.#subject.topology, path, form)) return undefined;
    const members = this.#subject.topology.hosts.map(({ name }) => name).filter((name) => form.includes(name));
    const connection = { members };
    const remaining = this.#connections.filter((other) => !sameConnection(other, connection));
    if (remaining.length === this.#connections.length) {
      const connected = remaining.map((each) => `[${each.members.join(', ')}]`);
      this.#document.add(path, {
        code: 'no-such-connection',
        cause: 'these hosts are not a connection of their own at this step',
        remedy: connected.length > 0 ? `there is ${connected.join(', ')}` : 'nothing is connected: connect them before',
      });
    }
    this.#connections = remaining;
    return { kind: 'disconnect', connection };
  }

  #down(path: Path, form: Form<'fault'>): readonly Fault[] {
    const faults = this.#parts(path, form, (fault, at) => {
      if (this.#changes(fault, true)) return;
      const remedy = 'heal it before, or leave it out';
      this.#document.add(at, { code: 'down-already', cause: `${describeFault(fault)} is down already`, remedy });
    });
    for (const fault of faults) this.#faults = this.#after(fault, true);
    return faults;
  }

  #up(path: Path, form: Form<'heal'>): readonly Fault[] | 'all' {
    if (form === 'all') {
      this.#faults = [];
      return 'all';
    }
    const faults = this.#parts(path, form, (fault, at) => {
      if (this.#changes(fault, false)) return;
      const down = this.#faults.map(describeFault).join(', ');
      this.#document.add(at, {
        code: 'not-down',
        cause: `${describeFault(fault)} is not down at this step`,
        remedy: down === '' ? 'nothing is: leave the step out' : `down is ${down}`,
      });
    });
    for (const fault of faults) this.#faults = this.#after(fault, false);
    return faults;
  }

  /** What is down when a part goes down at this step, or comes up. */
  #after(fault: Fault, isDown: boolean): readonly Fault[] {
    return faultsAfter(this.#subject.topology.withFaults(this.#faults), fault, isDown);
  }

  #changes(fault: Fault, isDown: boolean): boolean {
    return !sameFaults(this.#after(fault, isDown), this.#faults);
  }

  /** Switches and links by their names, each looked at by `check`; those that there are not are noted. */
  #parts(path: Path, form: string | readonly string[], check: (fault: Fault, at: Path) => void): readonly Fault[] {
    const { topology } = this.#subject;
    const names = typeof form === 'string' ? [form] : form;
    return names.flatMap((text, index) => {
      const at = typeof form === 'string' ? path : [...path, index];
      const fault = partNamed(topology, text);
      if (fault !== undefined) check(fault, at);
      else {
        this.#document.add(at, {
          code: 'unknown-part',
          ...missingPart(topology, text),
        });
      }
      return fault ?? [];
    });
  }

  #time(path: Path, form: string | number): number {
    const [, number, unit = 's'] = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h)?\s*$/.exec(String(form)) ?? [];
    const ms = Math.round(
      Number(number) * { ms: 1, s: 1000, min: 60_000, h: 3_600_000 }[unit as 'ms' | 's' | 'min' | 'h'],
    );
    if (ms >= 1 && ms <= LONGEST_TIME.ms) return ms;
    this.#document.add(path, {
      code: 'wrong-time',
      cause: number === undefined ? 'not a time' : `a time is from 1 ms to ${LONGEST_TIME.shown}`,
      remedy: 'write it as 500 ms, 1.5 s or 2 min',
    });
    return 0;
  }

  #exec(path: Path, form: Form<'exec'>): HostCommand {
    const { host, run, output, exit = 0, timeout } = form;
    this.#checkHost([...path, 'host'], host);
    return {
      kind: 'exec',
      host,
      shown: typeof run === 'string' ? run : run.join(' '),
      argv: typeof run === 'string' ? ['sh', '-c', run] : run,
      exitCode: exit,
      output: output === undefined ? undefined : this.#pattern([...path, 'output'], output),
      timeoutMs: timeout === undefined ? COMMAND_TIMEOUT_MS : this.#time([...path, 'timeout'], timeout),
    };
  }

  /** `/text/flags` is a regular expression, where the flags are such as JavaScript has. */
  #pattern(path: Path, text: string): OutputPattern {
    const [, source, flags = ''] = /^\/(.+)\/([a-z]*)$/s.exec(text) ?? [];
    if (source === undefined) return { kind: 'text', text };
    try {
      new RegExp(source, flags);
    } catch (error) {
      this.#document.add(path, {
        code: 'wrong-regex',
        cause: `not a regular expression: ${(error as Error).message}`,
        remedy: 'correct it, or write a text without a / at both ends',
      });
    }
    return { kind: 'regex', source, flags };
  }

  #iperf(path: Path, form: Form<'iperf'>): Throughput {
    const { from: source, to: target, at_least: atLeastMbps, at_most: atMostMbps } = form;
    this.#checkHost([...path, 'from'], source);
    this.#checkHost([...path, 'to'], target);
    const add = (cause: string, remedy: string) =>
      this.#document.add(path, { code: 'wrong-measurement', cause, remedy });
    if (source === target) add('a host reaches itself without the network', 'name two hosts');
    if (atLeastMbps === undefined && atMostMbps === undefined) {
      add('a measurement needs a bound', 'add at_least: 50 or at_most: 50, in Mbit/s');
    } else if (atLeastMbps !== undefined && atMostMbps !== undefined && atLeastMbps > atMostMbps) {
      add('at_least is more than at_most', 'make at_least less than at_most');
    }
    return { kind: 'iperf', source, target, atLeastMbps, atMostMbps };
  }

  #checkHost(path: Path, name: string): void {
    if (this.#subject.topology.host(name) !== undefined) return;
    this.#document.add(path, {
      code: 'unknown-host',
      cause: `there is no host ${name}`,
      remedy: 'correct the name, or add it to hosts',
    });
  }

  #expect(path: Path, form: Form<'expect'>): Action | undefined {
    const expectation = typeof form === 'string' ? this.#named(path, form) : this.#written(path, form);
    return expectation === undefined ? undefined : { kind: 'expect', expectation };
  }

  #named(path: Path, name: string): Expectation | undefined {
    const builtIn = BUILT_IN.find((each) => each === name);
    if (builtIn !== undefined) return { kind: builtIn };
    const matrix = this.#subject.expectations.get(name);
    if (matrix !== undefined) return { kind: 'matrix', name, matrix };
    const known = [...this.#subject.expectations.keys(), ...BUILT_IN];
    this.#document.add(path, {
      code: 'unknown-expectation',
      cause: `the spec has no expectation ${name}`,
      remedy: `write one of ${known.join(', ')}, or add it under expect:`,
    });
    return undefined;
  }

  #written(path: Path, form: Exclude<Form<'expect'>, string>): Expectation | undefined {
    const { groups, pingall, ...pairs } = form;
    const forms = [groups, pingall, Object.keys(pairs).length === 0 ? undefined : pairs];
    if (forms.filter((each) => each !== undefined).length !== 1) {
      this.#document.add(path, {
        code: 'one-matrix',
        cause: 'an expectation is groups, or pingall, or pairs',
        remedy: 'write one of them, the others as steps of their own',
      });
      return undefined;
    }
    if (groups === undefined && pingall === undefined) return { kind: 'pairs', pairs: this.#pairs(path, pairs) };
    const written = groups === undefined ? { pingall: pingall ?? '' } : { groups };
    const matrix = readMatrix(this.#document, this.#subject.topology, path, written);
    return matrix === undefined ? undefined : { kind: 'matrix', name: undefined, matrix };
  }

  #pairs(path: Path, form: Readonly<Record<string, string>>): readonly ExpectedPair[] {
    const seen = new Set<string>();
    return Object.entries(form).flatMap(([key, value]): readonly ExpectedPair[] => {
      const add = (code: CodeOf<'input'>, cause: string, remedy: string) =>
        this.#document.add(path, { code, cause, remedy }, key);
      const [, source, target] = /^\s*(\S+)\s*->\s*(\S+)\s*$/.exec(key) ?? [];
      if (source === undefined || target === undefined) {
        add('not-a-pair', 'neither groups, nor pingall, nor a pair of hosts', 'write a pair as h1 -> h2: ok');
        return [];
      }
      const { topology } = this.#subject;
      for (const name of [source, target].filter((each) => pointNamed(topology, each) === undefined)) {
        const { cause, remedy } = unknownPoint(topology, name);
        add(topology.host(hostOfPoint(name)) === undefined ? 'unknown-host' : 'unknown-interface', cause, remedy);
      }
      if (hostOfPoint(source) === hostOfPoint(target))
        add('one-host', 'a host reaches itself without the network', 'name two hosts');
      if (seen.has(`${source} ${target}`)) add('duplicate-pair', 'this pair has been named already', 'remove one');
      seen.add(`${source} ${target}`);
      if (!['ok', 'X', '?', target].includes(value)) {
        const cause = `a pair is ok, X, ?, or the name that pingall prints, ${target}`;
        this.#document.add([...path, key], { code: 'wrong-value', cause, remedy: 'write ok, X or "?"' });
      }
      const [from = source, to = target] = pointsNamed(topology, [source, target]).map(({ name }) => name);
      return [{ source: from, target: to, reaches: value === '?' ? null : value !== 'X' }];
    });
  }
}

function entrySource(form: string | Readonly<Record<string, unknown>>): EntrySource {
  return typeof form === 'string' ? { kind: 'file', file: form } : { kind: 'entry', entry: form };
}
