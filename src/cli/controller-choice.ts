import type { ControllerOrder } from '../lab/standby.ts';
import { inputProblem, ProblemError } from '../model/problem.ts';

/** What somebody asked for, and where it may be. */
export interface ControllerWish {
  /** `auto`, `embedded`, `floodlight`, or the URL of a Floodlight. */
  readonly controller: string;
  /** The first port to try for the REST interface of a controller that labctl starts. */
  readonly restPort: number;
  /** Where a running Floodlight takes switches; the first port to try for one that labctl starts. */
  readonly openflowPort: number;
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
 * the image, else the embedded one; only `floodlight` pulls an image.
 * @throws ProblemError when the wish is none of these, or Docker is needed and cannot be used
 */
export async function chooseController(wish: ControllerWish, signal: AbortSignal): Promise<ControllerChoice> {
  const { controller, restPort, openflowPort } = wish;
  const embedded = (reason: string): ControllerChoice => ({
    order: { kind: 'embedded', restPort },
    line: `controller: embedded (${reason}); for Floodlight: --controller floodlight, or --controller with its URL`,
  });
  const at = (url: string, reason: string): ControllerChoice => ({
    order: { kind: 'floodlight', url, openFlowPort: openflowPort },
    line: `controller: Floodlight at ${url} (${reason}); ${OTHER}`,
  });
  if (controller === 'embedded') return embedded('asked for');
  const given = process.env['FLOODLIGHT_URL'] || undefined;
  if (controller === 'auto' && given !== undefined)
    return at(controllerUrl(given, 'FLOODLIGHT_URL'), 'FLOODLIGHT_URL is set');
  if (controller !== 'auto' && controller !== 'floodlight')
    return at(controllerUrl(controller, '--controller'), 'asked for');

  const { engineProblem, findEngine, runningByHand } = await import('../drivers/floodlight/docker.ts');
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
