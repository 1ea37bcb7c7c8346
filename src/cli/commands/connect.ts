import type { RemoteLab } from '../../lab/process/remote-lab.ts';
import type { Ways } from '../../model/connection.ts';
import { inputProblem, ProblemError } from '../../model/problem.ts';
import type { ConnectionRequest } from '../../plan/requests.ts';
import type { LabctlCommand } from '../command.ts';
import { verdict } from '../exit-codes.ts';
import { connectionLines, cutOffWarning, describeStanding } from '../output/connections.ts';
import { watched } from '../output/progress.ts';
import { printAnswer, remark } from '../output/terminal.ts';
import { interrupted } from '../signals.ts';
import { runningLab } from '../subject.ts';
import { type PlanOptions, showPlan } from './plan.ts';

interface ConnectOptions extends PlanOptions {
  readonly multipath?: boolean;
  readonly protect?: boolean;
  /** Switches, in order. */
  readonly via?: readonly string[];
  /** Switches and links. */
  readonly avoid?: readonly string[];
  readonly dryRun?: boolean;
}

export function add(program: LabctlCommand): void {
  program
    .command('connect')
    .description('isolate these hosts as a group: they reach each other, and no other host')
    .argument('<hosts...>', 'two hosts or more')
    .aboutLab()
    .option('--multipath', 'spread over all equally cheap paths, with select groups')
    .option('--protect', 'survive the failure of any one link that has an alternative, with fast-failover groups')
    .option('--via <switches...>', 'make every path pass these switches, in this order')
    .option('--avoid <parts...>', 'keep every path off these switches (s3) and links (s1-s3, or one of several, s1:3)')
    .option('--dry-run', 'show the entries, push nothing; with --topo the lab need not run')
    .option('--curl', 'show the entries as curl commands, push nothing; with --topo the lab need not run')
    .withFormat()
    .does(async (hosts: string[], options: ConnectOptions) => {
      refuseOneHost(hosts);
      const request = { hosts, ...waysOf(options), ...routeOf(options) };
      if (options.dryRun || options.curl) {
        await showPlan(undefined, request, options);
        return verdict({ asExpected: true });
      }
      const lab = await runningLab(options);
      const document = await watched((running) => lab.run('connect', request, running)).catch(tellStanding(lab, hosts));
      const warning = cutOffWarning(document);
      if (warning !== undefined) remark(warning);
      printAnswer(options, document, () => connectionLines('connected', document));
      return verdict(document);
    });
}

/** Tells after an interrupt whether the hosts are connected, as soon as the lab has come to rest; then rethrows. */
export function tellStanding(lab: RemoteLab, hosts: readonly string[]): (error: unknown) => Promise<never> {
  return async (error) => {
    if (interrupted.aborted) remark(describeStanding(hosts, (await lab.run('connections', {})).connections));
    throw error;
  };
}

function refuseOneHost(hosts: readonly string[]): void {
  if (new Set(hosts).size > 1) return;
  const [host] = hosts;
  throw new ProblemError(
    inputProblem({
      code: 'one-host',
      where: `connect ${host}`,
      cause: 'a connection joins two hosts or more',
      remedy: `to let ${host} and others reach each other: labctl connect ${host} OTHER-HOST; to open a shell on ${host}: labctl shell ${host}`,
    }),
  );
}

function waysOf({ multipath, protect }: ConnectOptions): { readonly ways?: Ways } {
  if (multipath && protect) {
    throw new ProblemError(
      inputProblem({
        code: 'two-ways',
        where: '--multipath --protect',
        cause: 'a connection spreads over all shortest paths, or keeps another in reserve, not both',
        remedy: 'choose one; --multipath also leaves out a dead link where there are several',
      }),
    );
  }
  if (multipath) return { ways: 'multipath' };
  return protect ? { ways: 'protected' } : {};
}

/** Lists may be written with commas, too. */
function routeOf({ via = [], avoid = [] }: ConnectOptions): Pick<ConnectionRequest, 'via' | 'avoid'> {
  const names = (texts: readonly string[]) => texts.flatMap((text) => text.split(',')).map((text) => text.trim());
  return {
    ...(via.length === 0 ? {} : { via: names(via) }),
    ...(avoid.length === 0 ? {} : { avoid: names(avoid) }),
  };
}
