import { createServer, type Server } from 'node:http';
import {
  type AddressInfo,
  createServer as createSocketServer,
  type Socket,
  type Server as SocketServer,
} from 'node:net';

/** What a stub answers; undefined means never. */
export interface StubAnswer {
  readonly status: number;
  readonly contentType?: string;
  readonly body: string;
}

/** A server on loopback that answers as told and remembers what it was asked. */
export class HttpStub {
  readonly requests: { readonly method: string; readonly path: string; readonly body: string }[] = [];
  readonly #server: Server;

  constructor(answer: (method: string, path: string, body: string) => StubAnswer | undefined) {
    this.#server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const { method = '', url: path = '' } = request;
      this.requests.push({ method, path, body });
      const given = answer(method, path, body);
      if (given === undefined) return;
      response.writeHead(given.status, { 'Content-Type': given.contentType ?? 'application/json' });
      response.end(given.body);
    });
  }

  /** Starts listening; resolves to the URL. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A server on loopback below HTTP: hands each socket over, for answers that no HTTP server would give. */
export class SocketStub {
  readonly #server: SocketServer;
  readonly #sockets = new Set<Socket>();

  /** @param serve called with a socket at once, or with `afterRequest` when the first bytes of a request came */
  constructor(serve: (socket: Socket) => void, { afterRequest = true } = {}) {
    this.#server = createSocketServer((socket) => {
      this.#sockets.add(socket);
      // The client may be gone before all is written.
      socket.on('error', () => undefined);
      if (!afterRequest) serve(socket);
      else socket.once('data', () => serve(socket));
    });
  }

  /** Starts listening; resolves to the URL. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
