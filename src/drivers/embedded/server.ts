import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { environmentProblem, ProblemError } from '../../model/problem.ts';

/** An answer to a request; `body` becomes JSON unless it is text already. */
export interface Answer {
  readonly status?: number;
  readonly body: unknown;
  /** `application/json` by default. */
  readonly contentType?: string;
}

/** Answers one request; `segments` are the path's parts, decoded. Undefined when there is no such resource. */
export type Handler = (method: string, segments: readonly string[], body: string) => Promise<Answer | undefined>;

/** An answer thrown by a handler, in the form that Floodlight's errors have. */
export class HttpError extends Error {
  readonly status: number;

  /** @param description one sentence for a person */
  constructor(status: number, description: string) {
    super(description);
    this.name = 'HttpError';
    this.status = status;
  }
}

const LARGEST_BODY_BYTES = 1024 * 1024;
const PORTS_TO_TRY = 100;
/** A request has to be there within this time, so that slow clients hold no connection for good. */
const REQUEST_TIMEOUT_MS = 10_000;

/** The description of an error without one of its own, and the section of RFC 2616 that Floodlight names. */
const ERROR_PAGES: Readonly<Record<number, readonly [description: string, section: string]>> = {
  400: ['The request could not be understood by the server due to malformed syntax', '4.1'],
  403: ['The server understood the request, but is refusing to fulfill it', '4.4'],
  404: ['The server has not found anything matching the request URI', '4.5'],
  405: ['The method specified in the request is not allowed for the resource identified by the request URI', '4.6'],
  408: ['The client did not produce a request within the time that the server was prepared to wait', '4.9'],
  413: ['The body is larger than 1 MiB', '4.14'],
  431: ['The headers are too large', '4.1'],
  500: ['The server encountered an unexpected condition which prevented it from fulfilling the request', '5.1'],
  503: ['The switch cannot be reached', '5.4'],
};

/** The body of an error as Floodlight's REST library writes it, without a stack trace. */
function errorBody(status: number, description = ERROR_PAGES[status]?.[0]): string {
  const section = ERROR_PAGES[status]?.[1] ?? '5.1';
  return JSON.stringify({
    code: status,
    description,
    reasonPhrase: STATUS_CODES[status] ?? '',
    throwable: null,
    uri: `http://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.${section}`,
    globalError: false,
    redirection: false,
    recoverableError: false,
    error: true,
    success: false,
    informational: false,
    serverError: status >= 500,
    connectorError: false,
    clientError: status < 500,
  });
}

/** The HTTP side of the embedded controller: loopback only, bounded in size and time, an answer to everything. */
export class RestServer {
  readonly #handler: Handler;
  readonly #server: Server;

  constructor(handler: Handler) {
    this.#handler = handler;
    this.#server = createServer(
      {
        requireHostHeader: false,
        requestTimeout: REQUEST_TIMEOUT_MS,
        headersTimeout: REQUEST_TIMEOUT_MS,
        connectionsCheckingInterval: 1_000,
      },
      (request, response) => void this.#serve(request, response),
    );
    // What node:http would otherwise answer by itself, without JSON.
    this.#server.on('checkExpectation', (request, response) => void this.#serve(request, response));
    this.#server.on('connect', (_request, socket) => refuseSocket(new Error('CONNECT'), socket as Socket));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuseSocket(error, socket as Socket));
  }

  /**
   * Listens on the first free port of 127.0.0.1 from this one on.
   * @returns the port
   */
  async listen(firstPort: number): Promise<number> {
    for (let port = firstPort; port < firstPort + PORTS_TO_TRY && port <= 0xffff; port += 1) {
      if (await this.#tryPort(port)) return (this.#server.address() as AddressInfo).port;
    }
    throw new ProblemError(
      environmentProblem({
        code: 'no-free-port',
        where: '127.0.0.1',
        cause: `no port from ${firstPort} to ${Math.min(firstPort + PORTS_TO_TRY - 1, 0xffff)} is free for the controller`,
        remedy: 'End a program that listens there, or choose another first port',
      }),
    );
  }

  #tryPort(port: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const settle = (error?: NodeJS.ErrnoException) => {
        this.#server.off('error', settle);
        this.#server.off('listening', settle);
        if (error === undefined) resolve(true);
        else if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
        else reject(error);
      };
      this.#server.on('error', settle);
      this.#server.on('listening', settle);
      this.#server.listen(port, '127.0.0.1');
    });
  }

  /** Stops listening and cuts what is open. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      refuseForeign(request);
      const segments = readPath(request.url ?? '/');
      const body = await readBody(request);
      const answer = await this.#handler(request.method ?? 'GET', segments, body);
      if (answer === undefined) throw new HttpError(404, ERROR_PAGES[404]?.[0] ?? '');
      const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
      send(response, answer.status ?? 200, text, answer.contentType);
    } catch (error) {
      if (error instanceof HttpError) send(response, error.status, errorBody(error.status, error.message));
      else if (error instanceof ProblemError) {
        send(response, 503, errorBody(503, error.problems.map(({ cause }) => cause).join('; ')));
      } else send(response, 500, errorBody(500));
    }
  }
}

function send(response: ServerResponse, status: number, text: string, contentType = 'application/json'): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

/** An answer to what is not even HTTP, or came too slowly. */
function refuseSocket(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  const text = errorBody(status);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
}

/**
 * A web page in this machine's browser may reach loopback too: by a name of its own that resolves to 127.0.0.1 (DNS
 * rebinding), which shows in Host, or by a plain cross-site request, which shows in Origin or Sec-Fetch-Site.
 */
function refuseForeign(request: IncomingMessage): void {
  const { host, origin } = request.headers;
  if (!isLoopback(`http://${host ?? ''}`)) {
    throw new HttpError(403, 'The Host header names no loopback address: use 127.0.0.1 or localhost');
  }
  const crossSite = request.headers['sec-fetch-site'] === 'cross-site';
  if (crossSite || (origin !== undefined && !isLoopback(origin))) {
    throw new HttpError(403, 'Pages of other sites may not use the controller');
  }
}

function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
}

function readPath(target: string): readonly string[] {
  try {
    const path = target.split('?', 1)[0] ?? '';
    return path.split('/').slice(1).map(decodeURIComponent);
  } catch {
    throw new HttpError(400, 'The path is not correctly percent-encoded');
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    // What is too much is read all the same, but not kept: a client that still sends would not hear the answer.
    if (size <= LARGEST_BODY_BYTES) chunks.push(chunk);
  }
  if (size > LARGEST_BODY_BYTES) throw new HttpError(413, 'The body is larger than 1 MiB');
  return Buffer.concat(chunks).toString('utf8');
}
