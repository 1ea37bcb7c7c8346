import type { FoundController } from '../drivers/controller-row.ts';
import { CONTROLLER_WORDS, CONTROLLERS, type ControllerOrder } from '../drivers/controllers.ts';
import type { DataPlaneKind } from '../drivers/data-plane.ts';
import { inputProblem, ProblemError } from '../model/problem.ts';
import type { Where } from '../model/where.ts';

/** What somebody asked for, and where it may be. */
export interface ControllerWish {
  /** `auto`, the name of one, or the URL of one that runs. */
  readonly controller: string;
  /** The first port to try for the REST interface of a controller that labctl starts. */
  readonly restPort: number;
  /** Where a running controller takes switches; the first port to try for one that labctl starts. */
  readonly openflowPort: number;
  /** Simulated switches speak no OpenFlow. */
  readonly dataplane?: DataPlaneKind;
}

/** A controller for a lab, and why it is this one. */
export interface ControllerChoice {
  readonly order: ControllerOrder;
  /** One line: what was chosen, why, and how to have another. */
  readonly line: string;
}

/**
 * Chooses the controller: the one that is named, the one at a URL, or for `auto` the first of the table that can be had.
 * @throws ProblemError when the wish is none of these, or what is asked for cannot be had
 */
export async function chooseController(wish: ControllerWish, signal: AbortSignal): Promise<ControllerChoice> {
  refuseWhatCannotBeSimulated(wish);
  const { controller, dataplane } = wish;
  const isAuto = controller === 'auto';
  const reasons: string[] = [];
  for (const row of CONTROLLERS) {
    const given = row.running === undefined ? undefined : process.env[row.running.variable] || undefined;
    if (dataplane === 'simulated' && row.needsOpenFlow) {
      if (isAuto && given !== undefined) reasons.push(`whatever ${row.running?.variable} says`);
      continue;
    }
    if (isAuto && row.running !== undefined && given !== undefined) {
      const { variable, at } = row.running;
      return chosen(row.name, at(controllerUrl(given, variable), wish), `${variable} is set`);
    }
    if (!isAuto && row.name !== controller) continue;
    const found = await row.find(isAuto ? 'auto' : 'asked', wish, signal);
    if ('passedOver' in found) {
      reasons.push(found.passedOver);
      continue;
    }
    if (dataplane === 'simulated') return chosenForSimulated(found, reasons);
    return chosen(row.name, found, isAuto ? reasons.join('; ') : 'asked for');
  }
  const url = controllerUrl(controller, { kind: 'option', option: '--controller' });
  for (const { name, running } of CONTROLLERS) {
    if (running !== undefined) return chosen(name, running.at(url, wish), 'asked for');
  }
  throw new Error('no controller of the table runs at a URL');
}

/** The line names the other controllers. */
function chosen(
  name: string,
  { order, what, reason }: FoundController<ControllerOrder>,
  orElse: string,
): ControllerChoice {
  const others = CONTROLLERS.filter((row) => row.name !== name).map(({ help }) => help.instead);
  return { order, line: `controller: ${what} (${reason ?? orElse}); ${others.join('; ')}` };
}

function chosenForSimulated(
  { order, what }: FoundController<ControllerOrder>,
  reasons: readonly string[],
): ControllerChoice {
  const why = ['simulated switches have no other', ...reasons].join(', ');
  return { order, line: `controller: ${what} (${why}); for ${withOpenFlow()}: --dataplane mininet` };
}

/** Titles of the controllers whose switches have to speak OpenFlow. */
function withOpenFlow(): string {
  return CONTROLLERS.flatMap(({ needsOpenFlow, title }) => (needsOpenFlow ? [title] : [])).join(', ');
}

/**
 * Refuses what a simulated network cannot have.
 * @throws ProblemError when a controller that needs OpenFlow is asked for, or a datapath of Open vSwitch
 */
export function refuseWhatCannotBeSimulated(
  wish: Pick<ControllerWish, 'controller' | 'dataplane'> & { readonly datapath?: string },
): void {
  if (wish.dataplane !== 'simulated') return;
  const real = 'or take real switches: --dataplane mininet';
  const possible = CONTROLLERS.flatMap(({ needsOpenFlow, name }) => (needsOpenFlow ? [] : [name as string]));
  if (![...possible, 'auto'].includes(wish.controller)) {
    throw new ProblemError(
      inputProblem({
        code: 'simulated',
        where: `--dataplane simulated --controller ${wish.controller}`,
        cause: `${withOpenFlow()} needs real switches: simulated ones speak no OpenFlow, and have the ${possible.join(' or ')} controller only`,
        remedy: `leave --controller out (and LABCTL_CONTROLLER), ${real}`,
      }),
    );
  }
  if (wish.datapath !== undefined) {
    throw new ProblemError(
      inputProblem({
        code: 'simulated',
        where: `--dataplane simulated --datapath ${wish.datapath}`,
        cause: 'a datapath is a part of Open vSwitch, which a simulated network has none of',
        remedy: `leave --datapath out (and LABCTL_DATAPATH), ${real}`,
      }),
    );
  }
}

/** @throws ProblemError when it is no URL of a REST interface */
function controllerUrl(text: string, where: Where | string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && /^\/?$/.test(url.pathname) && url.search === '')
    return url.origin;
  throw new ProblemError(
    inputProblem({
      code: 'controller',
      where,
      offending: text,
      cause: 'neither a kind of controller nor the URL of one',
      remedy: `write ${CONTROLLER_WORDS.join(', ')}, or a URL such as http://127.0.0.1:8080`,
    }),
  );
}
