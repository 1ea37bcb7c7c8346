import { rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { environmentProblem, ProblemError } from '../../model/problem.ts';

const CONNECT_TIMEOUT_MS = 5_000;

/** Where a controller takes OpenFlow connections. */
export interface OpenFlowAddress {
  readonly host: string;
  /** 6653 by default (IANA). */
  readonly port: number;
}

/**
 * The way from a lab's switches to their controller: they connect to a Unix socket, the one thing that crosses the
 * sandbox's network namespace, and each connection is carried to the controller's TCP port. When either side ends one,
 * the other is ended too, so that each sees what becomes of the other.
 */
export class OpenFlowRelay {
  readonly #socket: string;
  readonly #controller: OpenFlowAddress;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  /** @param socket its path; Open vSwitch connects only to sockets in its own run folder */
  constructor(socket: string, controller: OpenFlowAddress) {
    this.#socket = socket;
    this.#controller = controller;
    this.#server = createServer((fromSwitch) => this.#carry(fromSwitch));
  }

  /** @throws ProblemError when nothing takes connections at the controller's OpenFlow port */
  async check(signal: AbortSignal): Promise<void> {
    const socket = this.#connect();
    const abort = () => socket.destroy(new Error('interrupted'));
    signal.addEventListener('abort', abort, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.setTimeout(CONNECT_TIMEOUT_MS, () => reject(new Error(`no answer in ${CONNECT_TIMEOUT_MS / 1000} s`)));
        socket.once('connect', resolve).once('error', reject);
      });
    } catch (error) {
      signal.throwIfAborted();
      const { host, port } = this.#controller;
      const { code } = error as NodeJS.ErrnoException;
      throw new ProblemError(
        environmentProblem({
          code: 'openflow-unreachable',
          where: `OpenFlow at ${host}:${port}`,
          cause: `the controller takes no switches there (${code === 'ECONNREFUSED' ? 'connection refused' : (error as Error).message})`,
          remedy: "give the controller's OpenFlow port with --openflow-port (Floodlight's own is 6653)",
        }),
        { cause: error },
      );
    } finally {
      signal.removeEventListener('abort', abort);
      socket.destroy();
    }
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#socket, resolve);
    });
  }

  /** Ends every connection. Safe to call at any time, and twice. */
  close(): void {
    if (this.#server.listening) this.#server.close();
    for (const socket of this.#open) socket.destroy();
    rmSync(this.#socket, { force: true });
  }

  #connect(): Socket {
    return createConnection({ ...this.#controller, noDelay: true });
  }

  #carry(fromSwitch: Socket): void {
    const toController = this.#connect();
    const ends = [fromSwitch, toController];
    for (const end of ends) {
      this.#open.add(end);
      // The end tells enough: a switch whose connection is refused or broken tries again by itself.
      end.on('error', () => {});
      end.once('close', () => {
        this.#open.delete(end);
        for (const other of ends) other.destroy();
      });
    }
    fromSwitch.pipe(toController);
    toController.pipe(fromSwitch);
  }
}
