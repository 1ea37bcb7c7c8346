import { FloodlightContainer, type FloodlightContainerOptions } from './docker.ts';
import type { OpenFlowAddress } from './relay.ts';

/** A Floodlight, and how it comes to be there. */
export interface FloodlightInstance {
  /** Resolves when it answers. `onStep` hears what is waited for. */
  open(
    signal: AbortSignal,
    onStep: (step: string) => void,
  ): Promise<{ readonly url: string; readonly openFlow: OpenFlowAddress }>;
  /** Whether it ends with the lab, so that nothing of the lab need be taken out of it. */
  readonly endsWithLab: boolean;
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
    close: async () => {},
  };
}

/** A Floodlight in a container that is started for the lab, and removed with it. */
export function floodlightInContainer(options: FloodlightContainerOptions): FloodlightInstance {
  let container: FloodlightContainer | undefined;
  return {
    async open(signal, onStep) {
      container = await FloodlightContainer.start(options, signal, onStep);
      return { url: container.url, openFlow: { host: '127.0.0.1', port: container.openFlowPort } };
    },
    endsWithLab: true,
    close: async () => container?.stop(),
  };
}
