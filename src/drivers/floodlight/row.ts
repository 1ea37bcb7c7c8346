import { join } from 'node:path';
import { ProblemError } from '../../model/problem.ts';
import type { ControllerRow } from '../controller-row.ts';

/** A Floodlight that runs already. */
type RunningOrder = {
  readonly kind: 'floodlight';
  readonly url: string;
  readonly openFlowPort: number;
};

/** A Floodlight in a container of the lab's own; the ports are the first to try on loopback. */
type ContainerOrder = {
  readonly kind: 'floodlight';
  readonly image: string;
  readonly pull: boolean;
  readonly restPort: number;
  readonly openFlowPort: number;
};

export const floodlight: ControllerRow<RunningOrder | ContainerOrder> = {
  name: 'floodlight',
  title: 'Floodlight',
  help: {
    choice: 'floodlight (in Docker, pulled if need be), the URL of a Floodlight',
    auto: 'Floodlight where FLOODLIGHT_URL is set or Docker has its image',
    instead: 'for Floodlight: --controller floodlight, or --controller with its URL',
  },
  forwards: 'reactive',
  needsOpenFlow: true,
  running: {
    variable: 'FLOODLIGHT_URL',
    at: (url, { openflowPort }) => ({
      order: { kind: 'floodlight', url, openFlowPort: openflowPort },
      what: `Floodlight at ${url}`,
    }),
  },
  doctor: {
    subject: 'floodlight in Docker',
    without: 'without it labs have the embedded controller, or one at a URL',
    async find(signal) {
      const { engineProblem, findEngine } = await import('./docker-engine.ts');
      const image = imageName();
      const finding = await findEngine({ image, signal });
      return finding.kind === 'ready' ? `the image ${image} is there` : engineProblem(finding, image).cause;
    },
  },
  isShared: (order) => 'url' in order,
  /** One that somebody started with the compose file comes first. Only where it is asked for, an image is pulled. */
  async find(wish, { restPort, openflowPort: openFlowPort }, signal) {
    const [{ engineProblem, findEngine }, { runningByHand }] = await Promise.all([
      import('./docker-engine.ts'),
      import('./container.ts'),
    ]);
    const image = imageName();
    const [finding, running] = await Promise.all([findEngine({ image, signal }), runningByHand(signal)]);
    if (running !== undefined) {
      const reason = 'its container runs already';
      return { order: { kind: 'floodlight', ...running }, what: `Floodlight at ${running.url}`, reason };
    }
    const isAsked = wish === 'asked';
    if (finding.kind !== 'ready') {
      const problem = engineProblem(finding, image);
      if (!isAsked) return { passedOver: finding.kind === 'no-image' ? `${problem.cause} ${image}` : problem.cause };
      if (finding.kind !== 'no-image') throw new ProblemError(problem);
    }
    return {
      order: { kind: 'floodlight', image, pull: isAsked, restPort, openFlowPort },
      what: 'Floodlight in Docker',
      ...(isAsked ? {} : { reason: `Docker has the image ${image}` }),
    };
  },
  async build(order, { lab, folder, topology, forwarding, switches }) {
    const { connectSwitches } = switches;
    if (connectSwitches === undefined) throw new Error('Floodlight needs switches that speak OpenFlow');
    const [{ FloodlightController }, { floodlightInContainer, runningFloodlight }] = await Promise.all([
      import('./controller.ts'),
      import('./instance.ts'),
    ]);
    const instance =
      'url' in order
        ? runningFloodlight(order.url, order.openFlowPort)
        : floodlightInContainer({ ...order, lab, logFile: join(folder, 'floodlight.log') });
    return new FloodlightController({
      topology,
      forwarding,
      instance,
      relaySocket: join(folder, 'of.sock'),
      connectSwitches: connectSwitches.bind(switches),
    });
  },
};

/** The image of Floodlight that is run in Docker. */
function imageName(): string {
  return process.env['LABCTL_FLOODLIGHT_IMAGE'] || 'glefevre/floodlight';
}
