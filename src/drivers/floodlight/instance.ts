import { environmentProblem, type Problem } from '../../model/problem.ts';
import { FloodlightContainer, type FloodlightContainerOptions } from './container.ts';
import type { OpenFlowAddress } from './relay.ts';

/** Where a Floodlight has its REST interface, and where it takes switches. */
export interface FloodlightAddress {
  readonly url: string;
  readonly openFlow: OpenFlowAddress;
}

/** A Floodlight, and how it comes to be there. */
export interface FloodlightInstance {
  /** Resolves when it answers. `onStep` hears what is waited for. */
  open(signal: AbortSignal, onStep: (step: string) => void): Promise<FloodlightAddress>;
  /** Whether it ends with the lab: then nothing of the lab has to be removed from it. */
  readonly endsWithLab: boolean;
  /** Why it ended, where it ended by itself and the reason is known. */
  readonly ended: Problem | undefined;
  /** The last lines of its log, where that is at hand. */
  readonly log: readonly string[];
  /** Leaves nothing of what `open` made. Safe to call at any time. */
  close(): Promise<void>;
}

/** A Floodlight that runs already, and goes on when the lab ends. */
export function runningFloodlight(url: string, openFlowPort: number): FloodlightInstance {
  // A URL has an IPv6 address in brackets, a socket has it without.
  const host = new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    open: async () => ({ url, openFlow: { host, port: openFlowPort } }),
    endsWithLab: false,
    ended: undefined,
    log: [],
    close: async () => {},
  };
}

/** A Floodlight in a container that is started for the lab, and removed with it. */
export function floodlightInContainer(options: FloodlightContainerOptions): FloodlightInstance {
  let container: FloodlightContainer | undefined;
  let ended: Problem | undefined;
  return {
    async open(signal, onStep) {
      container = await FloodlightContainer.start(options, signal, onStep);
      void container.died.then((cause) => {
        ended = environmentProblem({
          code: 'container-ended',
          where: `lab ${options.lab}`,
          cause,
          remedy: '`labctl down` and then `labctl up` start both again',
        });
      });
      return { url: container.url, openFlow: { host: '127.0.0.1', port: container.openFlowPort } };
    },
    endsWithLab: true,
    get ended() {
      return ended;
    },
    get log() {
      return container?.log ?? [];
    },
    close: async () => container?.stop(),
  };
}
