import type { DataPlaneKind } from '../drivers/data-plane.ts';
import type { ControllerOrder } from '../lab/process/standby.ts';
import { inputProblem, ProblemError } from '../model/problem.ts';

/** What somebody asked for, and where it may be. */
export interface ControllerWish {
  /** `auto`, `embedded`, `floodlight`, or the URL of a Floodlight. */
  readonly controller: string;
  /** The first port to try for the REST interface of a controller that labctl starts. */
  readonly restPort: number;
  /** Where a running Floodlight takes switches; the first port to try for one that labctl starts. */
  readonly openflowPort: number;
  /** Simulated switches have the embedded controller only. */
  readonly dataplane?: DataPlaneKind;
}

/** A controller for a lab, and why it is this one. */
export interface ControllerChoice {
  readonly order: ControllerOrder;
  /** One line: what was chosen, why, and how to have the other. */
  readonly line: string;
}

const OTHER = 'for the embedded one: --controller embedded';

/**
 * Chooses the controller. `auto` takes Floodlight where FLOODLIGHT_URL is set, or where a Docker engine answers and has
 * the image, else the embedded one; only `floodlight` pulls an image. A simulated data plane always has the embedded one.
 * @throws ProblemError when the wish is none of these, or Docker is needed and cannot be used
 */
export async function chooseController(wish: ControllerWish, signal: AbortSignal): Promise<ControllerChoice> {
  refuseWhatCannotBeSimulated(wish);
  const { controller, restPort, openflowPort } = wish;
  const embedded = (reason: string): ControllerChoice => ({
    order: { kind: 'embedded', restPort },
    line: `controller: embedded (${reason}); for Floodlight: --controller floodlight, or --controller with its URL`,
  });
  const at = (url: string, reason: string): ControllerChoice => ({
    order: { kind: 'floodlight', url, openFlowPort: openflowPort },
    line: `controller: Floodlight at ${url} (${reason}); ${OTHER}`,
  });
  const given = process.env['FLOODLIGHT_URL'] || undefined;
  if (wish.dataplane === 'simulated') {
    const passedOver = controller === 'auto' && given !== undefined;
    const why = `simulated switches have no other${passedOver ? ', whatever FLOODLIGHT_URL says' : ''}`;
    return {
      ...embedded(why),
      line: `controller: embedded (${why}); for Floodlight: --dataplane mininet`,
    };
  }
  if (controller === 'embedded') return embedded('asked for');
  if (controller === 'auto' && given !== undefined)
    return at(controllerUrl(given, 'FLOODLIGHT_URL'), 'FLOODLIGHT_URL is set');
  if (controller !== 'auto' && controller !== 'floodlight')
    return at(controllerUrl(controller, '--controller'), 'asked for');

  const [{ engineProblem, findEngine }, { runningByHand }] = await Promise.all([
    import('../drivers/floodlight/docker-engine.ts'),
    import('../drivers/floodlight/container.ts'),
  ]);
  const image = floodlightImage();
  const [finding, running] = await Promise.all([findEngine({ image, signal }), runningByHand(signal)]);
  if (running !== undefined) {
    return {
      order: { kind: 'floodlight', ...running },
      line: `controller: Floodlight at ${running.url} (its container runs already); ${OTHER}`,
    };
  }
  if (controller === 'auto' && finding.kind !== 'ready') {
    const { cause } = engineProblem(finding, image);
    return embedded(finding.kind === 'no-image' ? `${cause} ${image}` : cause);
  }
  if (finding.kind !== 'ready' && finding.kind !== 'no-image') throw new ProblemError(engineProblem(finding, image));
  const reason = controller === 'floodlight' ? 'asked for' : `Docker has the image ${image}`;
  return {
    order: { kind: 'container', image, pull: controller === 'floodlight', restPort, openFlowPort: openflowPort },
    line: `controller: Floodlight in Docker (${reason}); ${OTHER}`,
  };
}

/**
 * Says that a simulated network cannot have what is asked for with it.
 * @throws ProblemError when a Floodlight is asked for, or a datapath of Open vSwitch
 */
export function refuseWhatCannotBeSimulated(
  wish: Pick<ControllerWish, 'controller' | 'dataplane'> & { readonly datapath?: string },
): void {
  if (wish.dataplane !== 'simulated') return;
  const real = 'or take real switches: --dataplane mininet';
  if (wish.controller !== 'auto' && wish.controller !== 'embedded') {
    throw new ProblemError(
      inputProblem({
        code: 'simulated',
        where: `--dataplane simulated --controller ${wish.controller}`,
        cause:
          'Floodlight needs real switches: simulated ones speak no OpenFlow, and have the embedded controller only',
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

/** The image of Floodlight that is run in Docker. */
export function floodlightImage(): string {
  return process.env['LABCTL_FLOODLIGHT_IMAGE'] || 'glefevre/floodlight';
}

/** @throws ProblemError when it is no URL of a REST interface */
function controllerUrl(text: string, where: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && /^\/?$/.test(url.pathname) && url.search === '')
    return url.origin;
  throw new ProblemError(
    inputProblem({
      code: 'controller',
      where,
      offending: text,
      cause: 'neither a kind of controller nor the URL of one',
      remedy: 'write auto, embedded, floodlight, or a URL such as http://127.0.0.1:8080',
    }),
  );
}
