import { Agent, errors, request } from 'undici';
import { z } from 'zod';
import type { Dpid } from '../../model/addresses.ts';
import type { Entry, Group, InstalledFlow } from '../../model/openflow.ts';
import { environmentProblem, ProblemError } from '../../model/problem.ts';
import type { ConnectedSwitch } from '../control-plane.ts';
import { decodeGroupDescription, decodeListed, decodeSwitchFlow, encodeEntry, readDpid } from './wire.ts';

/** A link as the controller sees it, one per pair of ports. */
export interface ControllerLink {
  readonly source: { readonly dpid: Dpid; readonly port: number };
  readonly target: { readonly dpid: Dpid; readonly port: number };
  /** False while the controller has seen it in one direction only; such a link carries nothing. */
  readonly bidirectional: boolean;
}

/** A controller's role for a switch (OpenFlow 1.3, section 6.3.1), as Floodlight names it. */
export type ControllerRole = 'MASTER' | 'EQUAL' | 'SLAVE' | 'NOCHANGE';

/** More than any caller has requests under way. */
const MOST_CONNECTIONS = 256;
const PUSHER = '/wm/staticentrypusher';
/** Floodlight takes one second per switch to set a role (CONTRACT.md, section 5). */
const ROLE_TIMEOUT_FACTOR = 12;

const dpidText = z.string().transform((text, context) => {
  const dpid = readDpid(text);
  if (dpid !== undefined) return dpid;
  context.addIssue({ code: 'custom', message: 'not a DPID' });
  return z.NEVER;
});
const statusAnswer = z.object({ status: z.string() });
// Not z.record: it drops an entry that somebody named __proto__.
const jsonObject = z.custom<Readonly<Record<string, unknown>>>((value) => typeof value === 'object' && value !== null);
const listAnswer = z.record(z.string(), z.array(jsonObject));
const switchesAnswer = z.array(z.object({ switchDPID: dpidText, connectedSince: z.number() }));
const rolesAnswer = z.record(z.string(), z.string());
const flowsAnswer = z.object({ flows: z.array(z.unknown()) });
const groupsAnswer = z.object({ group_desc: z.array(z.unknown()) });
const errorAnswer = z.object({
  status: z.string().optional(),
  description: z.string().optional(),
  errors: z.array(z.string()).optional(),
});
const healthAnswer = z.object({ healthy: z.boolean() });
const linksAnswer = z.array(
  z.object({
    'src-switch': dpidText,
    'src-port': z.number(),
    'dst-switch': dpidText,
    'dst-port': z.number(),
    direction: z.string(),
  }),
);

interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly timeoutMs?: number;
  /** What the request is about, where a refusal should name it. */
  readonly subject?: string;
}

/**
 * Floodlight's REST interface as far as labctl needs it, for Floodlight and for the embedded controller alike.
 * "200 OK" from Floodlight means that a body was parsed, not that a switch has it: `entry-push.ts` reads back.
 * Every method throws `ProblemError` of kind `environment`, and the signal's reason when it is aborted.
 */
export class StaticEntryPusherClient {
  readonly url: string;
  readonly #timeoutMs: number;
  readonly #agent: Agent;

  /** @param options `url` as `http://127.0.0.1:8080`; `timeoutMs` for each request, 10 s by default */
  constructor(options: { url: string; timeoutMs?: number }) {
    this.url = options.url.replace(/\/+$/, '');
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#agent = new Agent({ connections: MOST_CONNECTIONS, connect: { timeout: this.#timeoutMs } });
  }

  /** Makes this entry the one of its name. */
  async post(entry: Entry, signal?: AbortSignal): Promise<void> {
    const subject = `entry ${entry.name} for switch ${entry.dpid}`;
    const call: Call = { method: 'POST', path: `${PUSHER}/json`, body: encodeEntry(entry), subject };
    const { status } = await this.#ask(call, statusAnswer, signal);
    if (status !== 'Entry pushed') throw this.#problem(call, 'request-refused', refusal(call, [status]));
  }

  /** Takes an entry away; a name that no entry has is all right. */
  async delete(name: string, signal?: AbortSignal): Promise<void> {
    const call: Call = { method: 'DELETE', path: `${PUSHER}/json`, body: { name } };
    const { status } = await this.#ask(call, statusAnswer, signal);
    if (status !== `Entry ${name} deleted`) {
      throw this.#problem(call, 'entry-not-deleted', `entry ${name} was not deleted: ${plain(status)}`);
    }
  }

  /** The static entries that the controller lists, of all switches or one; their tables are not listed and read 0. */
  async list(dpid: Dpid | 'all', signal?: AbortSignal): Promise<readonly Entry[]> {
    const call: Call = { method: 'GET', path: `${PUSHER}/list/${dpid}/json` };
    const answer = await this.#ask(call, listAnswer, signal);
    return Object.entries(answer).flatMap(([key, elements]) => {
      const owner = readDpid(key);
      if (owner === undefined) throw this.#problem(call, 'unexpected-answer', `the list names a switch ${key}`);
      return elements.flatMap((element) =>
        Object.entries(element).map(([name, json]) => decodeListed(name, owner, json)),
      );
    });
  }

  /** Takes all static entries away, of all switches or one. */
  async clear(dpid: Dpid | 'all', signal?: AbortSignal): Promise<void> {
    const call: Call = { method: 'GET', path: `${PUSHER}/clear/${dpid}/json` };
    const { status } = await this.#ask(call, statusAnswer, signal);
    if (!status.startsWith('Deleted all flows/groups')) {
      throw this.#problem(call, 'not-cleared', `the entries were not deleted: ${plain(status)}`);
    }
  }

  async switches(signal?: AbortSignal): Promise<readonly ConnectedSwitch[]> {
    const answer = await this.#ask(get('/wm/core/controller/switches/json'), switchesAnswer, signal);
    return answer.map((row) => ({ dpid: row.switchDPID, connectedSince: row.connectedSince }));
  }

  async links(signal?: AbortSignal): Promise<readonly ControllerLink[]> {
    const answer = await this.#ask(get('/wm/topology/links/json'), linksAnswer, signal);
    return answer.map((row) => ({
      source: { dpid: row['src-switch'], port: row['src-port'] },
      target: { dpid: row['dst-switch'], port: row['dst-port'] },
      bidirectional: row.direction === 'bidirectional',
    }));
  }

  async roles(dpid: Dpid | 'all', signal?: AbortSignal): Promise<ReadonlyMap<Dpid, string>> {
    const call = get(`/wm/core/switch/${dpid}/role/json`);
    return this.#rolesOf(call, await this.#ask(call, rolesAnswer, signal));
  }

  /**
   * Sets the controller's role. Floodlight takes a second per switch for it and wipes the flow tables of those switches,
   * even when the role does not change (CONTRACT.md, section 5), so it comes before any entry.
   */
  async setRole(dpid: Dpid | 'all', role: ControllerRole, signal?: AbortSignal): Promise<ReadonlyMap<Dpid, string>> {
    const timeoutMs = this.#timeoutMs * ROLE_TIMEOUT_FACTOR;
    const call: Call = { method: 'POST', path: `/wm/core/switch/${dpid}/role/json`, body: { role }, timeoutMs };
    return this.#rolesOf(call, await this.#ask(call, rolesAnswer, signal));
  }

  #rolesOf(call: Call, answer: Readonly<Record<string, string>>): ReadonlyMap<Dpid, string> {
    return new Map(
      Object.entries(answer).map(([key, role]) => {
        const dpid = readDpid(key);
        if (dpid === undefined) throw this.#problem(call, 'unexpected-answer', `the roles name a switch ${key}`);
        return [dpid, role];
      }),
    );
  }

  /** The flows that a switch holds, whoever put them there. */
  async flows(dpid: Dpid, signal?: AbortSignal): Promise<readonly InstalledFlow[]> {
    const answer = await this.#ask(get(`/wm/core/switch/${dpid}/flow/json`), flowsAnswer, signal);
    return answer.flows.map(decodeSwitchFlow);
  }

  /** The groups that a switch holds. */
  async groups(dpid: Dpid, signal?: AbortSignal): Promise<readonly Group[]> {
    const answer = await this.#ask(get(`/wm/core/switch/${dpid}/group-desc/json`), groupsAnswer, signal);
    return answer.group_desc.map(decodeGroupDescription);
  }

  /** Whether the controller says that it is well. */
  async health(signal?: AbortSignal): Promise<boolean> {
    return (await this.#ask(get('/wm/core/health/json'), healthAnswer, signal)).healthy;
  }

  /** Ends the connections at once; what is still under way fails. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #ask<T>(call: Call, schema: z.ZodType<T>, signal?: AbortSignal): Promise<T> {
    const { status, text } = await this.#exchange(call, signal);
    const json = this.#parse(call, status, text);
    if (status >= 400) throw this.#errorAnswer(call, status, json);
    this.#errorObject(call, json);
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    throw this.#problem(call, 'unexpected-answer', 'the answer has another form than Floodlight gives', {
      offending: text.slice(0, 200),
      remedy: NOT_A_CONTROLLER,
    });
  }

  async #exchange(call: Call, signal?: AbortSignal): Promise<{ status: number; text: string }> {
    const timeoutMs = call.timeoutMs ?? this.#timeoutMs;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await request(`${this.url}${call.path}`, {
        method: call.method,
        dispatcher: this.#agent,
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
        headersTimeout: 0,
        bodyTimeout: 0,
        ...(call.body === undefined
          ? {}
          : { body: JSON.stringify(call.body), headers: { 'content-type': 'application/json' } }),
      });
      return { status: answer.statusCode, text: await answer.body.text() };
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      throw this.#connectionProblem(call, error, timeout.aborted ? timeoutMs : undefined);
    }
  }

  #connectionProblem(call: Call, error: unknown, timedOutAfterMs: number | undefined): ProblemError {
    if (timedOutAfterMs !== undefined || error instanceof errors.ConnectTimeoutError) {
      const seconds = (timedOutAfterMs ?? this.#timeoutMs) / 1000;
      return this.#problem(call, 'controller-timeout', `the controller did not answer within ${seconds} s`, {
        remedy: 'A Floodlight that answers nothing any more has to be restarted; its log says why',
        error,
      });
    }
    const code = errorCode(error);
    if (code === 'ECONNREFUSED') {
      return this.#problem(call, 'controller-refused', 'nothing listens there (connection refused)', {
        remedy: 'Start the controller, or give its right address and port',
        error,
      });
    }
    const detail = error instanceof Error ? error.message : String(error);
    return this.#problem(call, 'controller-unreachable', `the controller cannot be reached (${code ?? detail})`, {
      remedy: 'See whether the controller still runs, and its address',
      error,
    });
  }

  #parse(call: Call, status: number, text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      const html = /^\s*<(?:!doctype|html)/i.test(text);
      // While an entry with write actions exists, Floodlight's list lacks a brace (CONTRACT.md, section 2).
      const writeActions = text.includes('"instruction_write_actions"');
      const remedy = writeActions
        ? 'Floodlight cannot list an entry with instruction_write_actions: delete that entry by its name'
        : html || status >= 400
          ? NOT_A_CONTROLLER
          : "See the controller's log";
      const cause = html
        ? 'an HTML page came in place of JSON'
        : text === ''
          ? 'the answer is empty'
          : 'the answer is not JSON';
      const offending = html || text === '' ? {} : { offending: text.slice(0, 120) };
      throw this.#problem(call, 'not-json', `${cause} (HTTP ${status})`, { remedy, error, ...offending });
    }
  }

  /** HTTP 400 and above: Floodlight's error object with a Java stack trace, or a status with the embedded's reason. */
  #errorAnswer(call: Call, status: number, json: unknown): ProblemError {
    const { status: reason, description, errors: reasons } = errorAnswer.safeParse(json).data ?? {};
    if (reason !== undefined) return this.#problem(call, 'request-refused', refusal(call, reasons ?? [reason]));
    const detail = description === undefined ? '' : `: ${description}`;
    return this.#problem(call, 'controller-error', `the controller failed (HTTP ${status}${detail})`, {
      remedy: "See the controller's log",
    });
  }

  /** Answers of Floodlight that are errors in spite of their 200. */
  #errorObject(call: Call, json: unknown): void {
    if (typeof json !== 'object' || json === null) return;
    if ('ERROR' in json) throw this.#problem(call, 'request-refused', refusal(call, [String(json.ERROR)]));
    if ('   ' in json) {
      throw this.#problem(call, 'unknown-switch', 'the controller has no such switch, or it is not connected', {
        remedy: 'See /wm/core/controller/switches/json for the switches that are connected',
      });
    }
  }

  #problem(
    call: Call,
    code: string,
    cause: string,
    more: { remedy?: string; offending?: string; error?: unknown } = {},
  ): ProblemError {
    const { error, ...rest } = more;
    const problem = environmentProblem({ code, where: `${call.method} ${this.url}${call.path}`, cause, ...rest });
    return new ProblemError(problem, error === undefined ? undefined : { cause: error });
  }
}

const NOT_A_CONTROLLER = 'See whether a Floodlight controller answers at this address, and not another program';

function get(path: string): Call {
  return { method: 'GET', path };
}

function refusal(call: Call, reasons: readonly string[]): string {
  const subject = call.subject === undefined ? '' : `${call.subject} was refused: `;
  return `${subject}${reasons.map(plain).join('; ')}`;
}

/** A status of Floodlight as a cause: without "Error!" or "Warning!" and the full stop. */
function plain(status: string): string {
  return status.replace(/^(?:Error|Warning)!\s*/, '').replace(/\.\s*$/, '');
}

function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if (error instanceof AggregateError) return errorCode(error.errors[0]);
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
