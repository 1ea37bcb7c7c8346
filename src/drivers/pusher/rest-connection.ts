import { EventEmitter, setMaxListeners } from 'node:events';
import { Agent, type Dispatcher, errors } from 'undici';
import { z } from 'zod';
import { environmentProblem, inputProblem, ProblemError } from '../../model/problem.ts';
import type { CodeOf } from '../../model/problem-codes.ts';

/** One request to the controller. */
export interface RestRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** Becomes JSON. */
  readonly body?: unknown;
  /** JSON already; in place of `body`. */
  readonly text?: string;
  /** Where it takes longer than others. */
  readonly timeoutMs?: number;
  /** Whether an answer may have no content (HTTP 204), which reads as null. */
  readonly mayHaveNoContent?: boolean;
  /** What the request is about, where a refusal should name it. */
  readonly subject?: string;
}

export interface RestConnectionOptions {
  /** As `http://127.0.0.1:8080` */
  readonly url: string;
  /** For each request from its sending to the end of its answer; 10 s by default. */
  readonly timeoutMs?: number;
  /** Where requests go in place of the connection's own sockets; its owner closes it. */
  readonly dispatcher?: Dispatcher;
}

/** More than any caller has requests under way. */
const MOST_CONNECTIONS = 256;
const TIMEOUT_MS = 10_000;
/** The list of 2,000 entries has 0.6 MB (CONTRACT.md, section 8): this has room for a hundred times as many. */
const LARGEST_ANSWER_BYTES = 64 * 1024 * 1024;

const NOT_A_CONTROLLER = 'See whether a Floodlight controller answers at this address, and not another program';
const SEE_ITS_LOG = "See the controller's log";

type ConnectionProblem = readonly [code: CodeOf<'environment'>, cause: string, remedy: string];

/** What became of a connection, by the code of the error that Node or undici gives for it. */
const CONNECTION_PROBLEMS: Readonly<Record<string, ConnectionProblem>> = {
  ECONNREFUSED: [
    'controller-refused',
    'nothing listens there (connection refused)',
    'Start the controller, or give its right address and port',
  ],
  ENOTFOUND: [
    'controller-unknown-host',
    'no machine is known by that name',
    "Correct the controller's address, or give it as a number",
  ],
  UND_ERR_SOCKET: connectionClosed(),
  ECONNRESET: connectionClosed(),
  EPIPE: connectionClosed(),
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: connectionClosed(),
  UND_ERR_RES_EXCEEDED_MAX_SIZE: [
    'answer-too-large',
    `the answer is longer than ${LARGEST_ANSWER_BYTES / 1024 / 1024} MiB`,
    NOT_A_CONTROLLER,
  ],
};

function connectionClosed(): ConnectionProblem {
  return [
    'connection-closed',
    'the connection was closed before the answer was complete',
    'See whether the controller still runs, and its log; then try again',
  ];
}

/** Floodlight's error object with a Java stack trace, or a status with the embedded controller's reasons. */
const errorAnswer = z.object({
  status: z.string().optional(),
  description: z.string().optional(),
  errors: z.array(z.string()).optional(),
});

interface Exchange {
  readonly status: number;
  readonly text: string;
  readonly location: string | undefined;
  readonly encoding: string | undefined;
}

/**
 * Requests to a controller's REST interface. What comes back is an answer in the expected form, or a `ProblemError` of
 * kind `environment` with the request, the controller's URL and a remedy.
 */
export class RestConnection {
  readonly url: string;
  readonly timeoutMs: number;
  readonly #origin: string;
  readonly #basePath: string;
  readonly #dispatcher: Dispatcher;
  readonly #ownsDispatcher: boolean;

  /** @throws ProblemError of kind `input` when the URL is none of http or https */
  constructor({ url, timeoutMs = TIMEOUT_MS, dispatcher }: RestConnectionOptions) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new ProblemError(
        inputProblem({
          code: 'bad-controller-url',
          cause: 'the address of the controller is not a URL of http',
          offending: url,
          remedy: 'Write it as http://127.0.0.1:8080',
        }),
      );
    }
    this.url = url.replace(/\/+$/, '');
    const { origin, pathname } = new URL(this.url);
    this.#origin = origin;
    this.#basePath = pathname.replace(/\/+$/, '');
    this.timeoutMs = timeoutMs;
    this.#ownsDispatcher = dispatcher === undefined;
    this.#dispatcher =
      dispatcher ??
      new Agent({
        connections: MOST_CONNECTIONS,
        connect: { timeout: timeoutMs },
        maxResponseSize: LARGEST_ANSWER_BYTES,
      });
  }

  /** Sends a request and reads its answer as the schema has it. */
  async ask<T>(call: RestRequest, schema: z.ZodType<T>, signal?: AbortSignal): Promise<T> {
    const exchange = await this.#exchange(call, signal);
    const json = this.#parse(call, exchange);
    if (exchange.status >= 400) throw this.#errorAnswer(call, exchange.status, json);
    this.#errorObject(call, json);
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    throw this.problem(call, 'unexpected-answer', 'the answer has another form than Floodlight gives', {
      offending: exchange.text.slice(0, 200),
      remedy: NOT_A_CONTROLLER,
    });
  }

  /** Whether the controller has such a resource: false where it answers 404. Its content does not matter. */
  async has(path: string, signal?: AbortSignal): Promise<boolean> {
    const call: RestRequest = { method: 'GET', path };
    const exchange = await this.#exchange(call, signal);
    if (exchange.status === 404) return false;
    if (exchange.status === 200 && /^\s*[[{]/.test(exchange.text)) return true;
    const json = this.#parse(call, exchange);
    if (exchange.status >= 400) throw this.#errorAnswer(call, exchange.status, json);
    throw this.problem(call, 'unexpected-answer', 'the answer has another form than Floodlight gives', {
      offending: exchange.text.slice(0, 200),
      remedy: NOT_A_CONTROLLER,
    });
  }

  /** A refusal in the controller's words, without "Error!" or "Warning!" and the full stop. */
  refusal(call: RestRequest, reasons: readonly string[], remedy?: string): ProblemError {
    const subject = call.subject === undefined ? '' : `${call.subject} was refused: `;
    const cause = `${subject}${reasons.map(withoutShout).join('; ')}`;
    return this.problem(call, 'request-refused', cause, remedy === undefined ? {} : { remedy });
  }

  /** What is wrong with a request or its answer, as an error. */
  problem(
    call: RestRequest,
    code: CodeOf<'environment'>,
    cause: string,
    more: { remedy?: string; offending?: string; error?: unknown } = {},
  ): ProblemError {
    const { error, ...rest } = more;
    const problem = environmentProblem({
      code,
      where: { kind: 'request', method: call.method, url: `${this.url}${call.path}` },
      cause,
      ...rest,
    });
    return new ProblemError(problem, error === undefined ? undefined : { cause: error });
  }

  /** Ends the connections at once; what is still under way fails. */
  async close(): Promise<void> {
    if (this.#ownsDispatcher) await this.#dispatcher.destroy();
  }

  async #exchange(call: RestRequest, signal?: AbortSignal): Promise<Exchange> {
    const timeoutMs = call.timeoutMs ?? this.timeoutMs;
    signal?.throwIfAborted();
    // By hand, as AbortSignal.any and AbortSignal.timeout take as long as the rest of a request on loopback; and an
    // emitter, as an AbortController takes a quarter of that.
    const ended = new EventEmitter();
    const abort = () => ended.emit('abort');
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      abort();
    }, timeoutMs);
    if (signal !== undefined) {
      // Each request under way is one, and Node would suspect a leak.
      setMaxListeners(0, signal);
      signal.addEventListener('abort', abort, { once: true });
    }
    const text = call.text ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
    const json = text === undefined ? {} : { 'content-type': 'application/json' };
    try {
      const answer = await this.#dispatcher.request({
        origin: this.#origin,
        path: `${this.#basePath}${call.path}`,
        method: call.method,
        signal: ended,
        headersTimeout: 0,
        bodyTimeout: 0,
        headers: { 'accept-encoding': 'identity', ...json },
        ...(text === undefined ? {} : { body: text }),
      });
      const { location, 'content-encoding': encoding } = answer.headers;
      return {
        status: answer.statusCode,
        text: await answer.body.text(),
        location: location?.toString(),
        encoding: encoding?.toString(),
      };
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      throw this.#connectionProblem(call, error, timedOut ? timeoutMs : undefined);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  #connectionProblem(call: RestRequest, error: unknown, timedOutAfterMs: number | undefined): ProblemError {
    if (timedOutAfterMs !== undefined || error instanceof errors.ConnectTimeoutError) {
      const seconds = (timedOutAfterMs ?? this.timeoutMs) / 1000;
      return this.problem(call, 'controller-timeout', `the controller did not answer within ${seconds} s`, {
        remedy: 'Restart a Floodlight that no longer answers; its log says why',
        error,
      });
    }
    if (error instanceof errors.HTTPParserError) {
      return this.problem(call, 'not-http', 'what answers there does not speak HTTP', {
        remedy: "Give the port of the controller's REST interface, 8080 by default; at 6653 it speaks OpenFlow",
        error,
      });
    }
    const errorCode = errorCodeOf(error);
    const known =
      errorCode !== undefined && Object.hasOwn(CONNECTION_PROBLEMS, errorCode)
        ? CONNECTION_PROBLEMS[errorCode]
        : undefined;
    if (known !== undefined) {
      const [code, cause, remedy] = known;
      return this.problem(call, code, cause, { remedy, error });
    }
    const detail = error instanceof Error ? error.message : String(error);
    return this.problem(call, 'controller-unreachable', `the controller cannot be reached (${errorCode ?? detail})`, {
      remedy: 'See whether the controller still runs, and its address',
      error,
    });
  }

  #parse(call: RestRequest, { status, text, location, encoding }: Exchange): unknown {
    if (status >= 300 && status < 400) {
      throw this.problem(call, 'redirected', `the controller's address leads elsewhere (HTTP ${status})`, {
        remedy: 'Give the address of the controller itself',
        ...(location === undefined ? {} : { offending: location }),
      });
    }
    if (encoding !== undefined && encoding !== 'identity') {
      throw this.problem(call, 'compressed-answer', 'the answer is compressed, which was not asked for', {
        offending: encoding,
        remedy: 'Give the address of the controller itself, not of a proxy before it',
      });
    }
    if (status === 204 && call.mayHaveNoContent === true) return null;
    try {
      // To a clear with a bad DPID Floodlight answers with its status in single quotes (CONTRACT.md, section 4).
      return JSON.parse(/^'\{.*\}'$/s.test(text) ? text.slice(1, -1) : text);
    } catch (error) {
      throw this.#notJson(call, status, text, error);
    }
  }

  #notJson(call: RestRequest, status: number, text: string, error: unknown): ProblemError {
    // While an entry with write actions exists, Floodlight's list lacks a brace (CONTRACT.md, section 2).
    const [before, after] = text.split('"instruction_write_actions"', 2);
    if (after !== undefined) {
      const [, name] = [...(before ?? '').matchAll(/"((?:[^"\\]|\\.)*)":\{"version"/g)].at(-1) ?? [];
      return this.problem(call, 'not-json', `the answer is not JSON (HTTP ${status})`, {
        remedy: `Floodlight cannot list an entry with instruction_write_actions: delete ${name === undefined ? 'that entry by its name' : `the entry ${name}`}`,
        error,
      });
    }
    if (/^\s*<(?:!doctype|html)/i.test(text)) {
      return this.problem(call, 'not-json', `an HTML page came in place of JSON (HTTP ${status})`, {
        remedy: NOT_A_CONTROLLER,
        error,
      });
    }
    if (text === '') {
      const remedy = status >= 400 ? NOT_A_CONTROLLER : SEE_ITS_LOG;
      return this.problem(call, 'not-json', `the answer is empty (HTTP ${status})`, { remedy, error });
    }
    if (/^\s*[[{]/.test(text) && /end of JSON input|Unterminated/.test(String(error))) {
      return this.problem(call, 'not-json', `the answer breaks off after ${text.length} characters (HTTP ${status})`, {
        remedy: "Try again; if it stays so, see the controller's log",
        offending: text.slice(-60),
        error,
      });
    }
    return this.problem(call, 'not-json', `the answer is not JSON (HTTP ${status})`, {
      remedy: NOT_A_CONTROLLER,
      offending: text.slice(0, 120),
      error,
    });
  }

  /** HTTP 400 and above. */
  #errorAnswer(call: RestRequest, status: number, json: unknown): ProblemError {
    const { status: reason, description, errors: reasons } = errorAnswer.safeParse(json).data ?? {};
    if (reason !== undefined) return this.refusal(call, reasons ?? [reason]);
    if (status === 404) {
      return this.problem(call, 'unknown-resource', 'the controller has no such resource (HTTP 404)', {
        remedy: `${NOT_A_CONTROLLER}; an older Floodlight may lack it`,
      });
    }
    const detail = description === undefined ? '' : `: ${description}`;
    return this.problem(call, 'controller-error', `the controller failed (HTTP ${status}${detail})`, {
      remedy: SEE_ITS_LOG,
    });
  }

  /** Answers of Floodlight that are errors in spite of their 200 (CONTRACT.md, section 5). */
  #errorObject(call: RestRequest, json: unknown): void {
    if (typeof json !== 'object' || json === null) return;
    const remedy = `See ${this.url}/wm/core/controller/switches/json for the switches that are connected`;
    if ('ERROR' in json && typeof json.ERROR === 'string') throw this.refusal(call, [json.ERROR], remedy);
    // Of one switch the error stands by itself, of all switches under a key, in 1.2 under another (StatsReplySerializer.java).
    const under = 'error' in json ? json.error : 'ERROR' in json ? json.ERROR : undefined;
    const inner = typeof under === 'object' && under !== null ? under : json;
    if ('   ' in inner) {
      throw this.problem(call, 'unknown-switch', 'the controller has no such switch, or it is not connected', {
        remedy,
      });
    }
  }
}

/** A status of Floodlight as a cause. */
export function withoutShout(status: string): string {
  return status.replace(/^(?:Error|Warning)!\s*/, '').replace(/\.\s*$/, '');
}

function errorCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if (error instanceof AggregateError) return errorCodeOf(error.errors[0]);
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
