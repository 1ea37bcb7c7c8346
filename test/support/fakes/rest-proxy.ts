import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StubAnswer } from './http-stub.ts';

/** What a proxy does with a request: passes it on, never answers it, or answers it itself. */
export type Intervention = StubAnswer | 'pass' | 'never';

/** A request as it came. */
export interface ProxiedRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** A server on loopback before a controller's REST interface, which keeps what it was asked and can do harm. */
export class RestProxy {
  readonly requests: ProxiedRequest[] = [];
  /** Most requests other than GET that were under way at once. */
  mostChangesAtOnce = 0;
  /** Decides about each request; passes all on by default. */
  intervene: (request: ProxiedRequest) => Intervention = () => 'pass';
  readonly #server: Server;

  /** @param delayMs for which it holds each request back */
  constructor(target: string, { delayMs = 0 }: { readonly delayMs?: number } = {}) {
    let changesUnderWay = 0;
    this.#server = createServer(async (request, response) => {
      const { method = 'GET', url: path = '' } = request;
      const isChange = method !== 'GET';
      if (isChange) changesUnderWay += 1;
      this.mostChangesAtOnce = Math.max(this.mostChangesAtOnce, changesUnderWay);
      const body = (await request.toArray()).join('');
      const proxied = { method, path, body };
      this.requests.push(proxied);
      await sleep(delayMs);
      const intervention = this.intervene(proxied);
      if (intervention === 'never') return;
      const answer = intervention === 'pass' ? await passOn(target, proxied) : intervention;
      if (isChange) changesUnderWay -= 1;
      response.writeHead(answer.status, { 'Content-Type': answer.contentType ?? 'application/json' });
      response.end(answer.body);
    });
  }

  /** `POST NAME` and `DELETE NAME` of static entries, in the order in which they came. */
  get entryChanges(): readonly string[] {
    return this.requests
      .filter(({ method, path }) => method !== 'GET' && /^\/wm\/static\w+pusher\/json$/.test(path))
      .map(({ method, body }) => `${method} ${(JSON.parse(body) as { name: string }).name}`);
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

/** A controller that takes no connections is told by the status of a proxy, 502. */
async function passOn(target: string, { method, path, body }: ProxiedRequest): Promise<StubAnswer> {
  try {
    const answer = await fetch(`${target}${path}`, { method, ...(body === '' ? {} : { body }) });
    const contentType = answer.headers.get('content-type') ?? 'application/json';
    return { status: answer.status, contentType, body: await answer.text() };
  } catch {
    return { status: 502, body: '{"code":502,"description":"no connection"}' };
  }
}
