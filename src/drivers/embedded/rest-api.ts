import type { Dpid } from '../../model/addresses.ts';
import { ProblemError } from '../../model/problem.ts';
import type { Topology } from '../../model/topology.ts';
import { decodePost } from '../pusher/post-reader.ts';
import { encodeDescription, encodePortCounters, encodePorts, encodeTotals } from '../pusher/switch-statistics.ts';
import { encodeGroupDescription, encodeListed, encodeSwitchFlow, readDpid } from '../pusher/wire.ts';
import type { SwitchTables } from '../switch-tables.ts';
import { type Answer, type Handler, HttpError } from './server.ts';
import { RefusedError, type StaticEntries } from './static-entries.ts';
import { devices, dpidOf, links, routing } from './topology-resources.ts';

/** Floodlight's names for the Static Entry Pusher, old and new. */
const PUSHER_PATHS: readonly string[] = ['staticentrypusher', 'staticflowpusher', 'staticflowentrypusher'];
const PUSHER_CONTENT_TYPE = 'application/json; charset=UTF-8';
/** Codes of `ProblemError`s that say that the machine failed, and not that the request was wrong. */
const MACHINE_FAILURES: ReadonlySet<string> = new Set(['switch-unreachable', 'missing-program', 'unreadable-flow']);

/** What a switch answers about itself at `/wm/core/switch/DPID/...`. */
const STATISTICS: Readonly<Record<string, (tables: SwitchTables, dpid: Dpid) => Promise<unknown>>> = {
  aggregate: async (tables, dpid) => encodeTotals(await tables.flows(dpid)),
  desc: async (tables, dpid) => encodeDescription(await tables.description(dpid)),
  flow: async (tables, dpid) => ({ flows: (await tables.flows(dpid)).map(encodeSwitchFlow) }),
  'group-desc': async (tables, dpid) => ({
    version: 'OF_13',
    group_desc: (await tables.groups(dpid)).map(encodeGroupDescription),
  }),
  port: async (tables, dpid) => encodePortCounters(await tables.portCounters(dpid)),
  'port-desc': async (tables, dpid) => encodePorts(await tables.ports(dpid)),
};

/** Floodlight's answer for a switch or a statistic that it does not have; a 200. */
const NO_STATISTICS = {
  '   ': 'An error has occurred while proccesing your request,',
  '  *': 'which might be due to one or more of the following:',
  ' * ': '-- An invalid DPID and/or stats/features request.',
  ' **': '-- The switch is not connected to the controller.',
  '*  ': "-- The request specified is not supported by the switch's OpenFlow version.",
  'Valid statistics and features are': Object.keys(STATISTICS),
};

/** What the REST interface shows. */
export interface ControllerState {
  /** With what is down of it; another one when that changes. */
  topology: Topology;
  readonly tables: SwitchTables;
  readonly entries: StaticEntries;
  /** Milliseconds since 1970, as are the times below. */
  readonly startedAt: number;
  readonly connectedSince: Map<Dpid, number>;
}

type Methods = Readonly<Record<string, (body: string) => Promise<Answer> | Answer>>;

/**
 * The resources of Floodlight's REST interface that a lab needs, in Floodlight's shapes (CONTRACT.md, sections 2 to 5).
 * Where Floodlight answers 200 and does nothing, this answers 400 with the reason.
 */
export function restApi(state: ControllerState): Handler {
  return async (method, segments, body) => {
    const methods = resource(state, segments);
    if (methods === undefined) return undefined;
    const act = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (act === undefined) {
      throw new HttpError(
        405,
        'The method specified in the request is not allowed for the resource identified by the request URI',
      );
    }
    return act(body);
  };
}

function resource(state: ControllerState, [root, area = '', ...rest]: readonly string[]): Methods | undefined {
  if (root !== 'wm') return undefined;
  if (PUSHER_PATHS.includes(area)) return pusherResource(state, rest);
  const path = rest.join('/');
  if (area === 'topology' && path === 'links/json') return { GET: () => ({ body: links(state.topology) }) };
  if (area === 'device' && (path === '' || path === 'all/json') && rest.length > 0) {
    return { GET: () => ({ body: devices(state.topology, state.startedAt) }) };
  }
  if (area === 'routing') {
    const answer = routing(state.topology, rest);
    return answer === undefined ? undefined : { GET: () => ({ body: answer }) };
  }
  if (area !== 'core') return undefined;
  const [first, dpid = '', what = '', last] = rest;
  if (first === 'switch' && rest.length === 4 && last === 'json') return switchResource(state, dpid, what);
  return coreResource(state, path);
}

function pusherResource({ entries, topology }: ControllerState, rest: readonly string[]): Methods | undefined {
  const [what, dpid = '', last] = rest;
  if (rest.length === 1 && what === 'json') {
    return {
      POST: (body) => pusherAnswer(() => post(entries, body)),
      DELETE: (body) => pusherAnswer(() => remove(entries, body)),
    };
  }
  if (rest.length !== 3 || last !== 'json') return undefined;
  if (what === 'list') return { GET: () => list(entries, topology, dpid) };
  if (what === 'clear') return { GET: () => pusherAnswer(() => clear(entries, dpid)) };
  return undefined;
}

/** Status texts in Floodlight's spelling, and refusals as HTTP 400. */
async function pusherAnswer(act: () => Promise<string>): Promise<Answer> {
  try {
    return { body: await act(), contentType: PUSHER_CONTENT_TYPE };
  } catch (error) {
    const reasons = reasonsOf(error);
    if (reasons === undefined) throw error;
    const status = `"status" : ${JSON.stringify(`Error! ${reasons.join(' ')}`)}`;
    const errors = reasons.length > 1 ? `, "errors" : ${JSON.stringify(reasons)}` : '';
    return { status: 400, body: `{${status}${errors}}`, contentType: PUSHER_CONTENT_TYPE };
  }
}

function reasonsOf(error: unknown): readonly string[] | undefined {
  if (error instanceof RefusedError) {
    return error.refusals.map(({ reason, remedy }) => `${reason}. ${remedy.replace(/([^?])$/, '$1.')}`);
  }
  if (error instanceof ProblemError && !error.problems.some(({ code }) => MACHINE_FAILURES.has(code))) {
    return error.problems.map(({ cause, remedy }) => (remedy === undefined ? `${cause}.` : `${cause}. ${remedy}.`));
  }
  return undefined;
}

async function post(entries: StaticEntries, body: string): Promise<string> {
  const read = decodePost(parseBody(body));
  if ('refusals' in read) throw new RefusedError(read.refusals);
  await entries.post(read.entry);
  return '{"status" : "Entry pushed"}';
}

async function remove(entries: StaticEntries, body: string): Promise<string> {
  const json = parseBody(body);
  const name = typeof json === 'object' && json !== null && 'name' in json ? json.name : undefined;
  if (typeof name !== 'string' || name === '') {
    throw new RefusedError([{ reason: 'no name is given', remedy: 'Write {"name": "flow-mod-1"}' }]);
  }
  await entries.delete(name);
  return `{"status" : ${JSON.stringify(`Entry ${name} deleted`)}}`;
}

async function clear(entries: StaticEntries, text: string): Promise<string> {
  if (text === 'all') {
    await entries.clear('all');
    return '{"status":"Deleted all flows/groups."}';
  }
  await entries.clear(dpidOf(text));
  return JSON.stringify({ status: `Deleted all flows/groups for switch ${text}.` });
}

async function list(entries: StaticEntries, topology: Topology, text: string): Promise<Answer> {
  const dpid = text === 'all' ? 'all' : dpidOf(text);
  const listed = await entries.list(dpid);
  const rows = [...listed].map(([owner, all]): [string, unknown] => [
    // The key is the DPID as it was asked for.
    dpid === 'all' ? owner : text,
    all.map((entry) => ({ [entry.name]: encodeListed(entry) })),
  ]);
  const unknown = dpid !== 'all' && topology.switchWithDpid(dpid) === undefined;
  return { body: unknown ? { [text]: [] } : Object.fromEntries(rows) };
}

function parseBody(body: string): unknown {
  if (body.trim() === '') {
    throw new RefusedError([
      { reason: 'the request has no body', remedy: "Send the entry as JSON, e.g. curl -d '{...}'" },
    ]);
  }
  try {
    return JSON.parse(body);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    // The tutorial prints its actions in braces of their own, which is no JSON.
    const remedy = /"actions"\s*:\s*\{/.test(body)
      ? 'Write the actions as text, "actions": "output=2", without braces'
      : 'Mend the JSON; keys and texts stand in double quotes';
    throw new RefusedError([{ reason: `the body is not JSON (${detail})`, remedy }]);
  }
}

function switchResource(state: ControllerState, text: string, what: string): Methods {
  const { topology, tables } = state;
  const dpid = readDpid(text);
  const node = dpid === undefined ? undefined : topology.switchWithDpid(dpid);
  const asked = text === 'all' ? topology.switches : node === undefined ? [] : [node];
  const dpids = asked.filter(({ name }) => topology.switchIsUp(name)).map((each) => each.dpid);
  if (what === 'role') {
    const answer = () => roles(dpids, text, dpid === undefined);
    return { GET: answer, POST: (body) => (dpids.length === 0 ? answer() : setRole(body, answer)) };
  }
  const read = Object.hasOwn(STATISTICS, what) ? STATISTICS[what] : undefined;
  return {
    async GET() {
      if (read === undefined || dpids.length === 0) return { body: NO_STATISTICS };
      const rows = await Promise.all(
        dpids.map(async (owner): Promise<[string, unknown]> => [owner, await read(tables, owner)]),
      );
      return { body: text === 'all' ? Object.fromEntries(rows) : rows[0]?.[1] };
    },
  };
}

function roles(dpids: readonly Dpid[], text: string, malformed: boolean): Answer {
  if (dpids.length > 0 || text === 'all') return { body: Object.fromEntries(dpids.map((dpid) => [dpid, 'MASTER'])) };
  const reason = malformed ? 'Could not parse switch DPID' : 'Switch Manager could not locate switch DPID';
  return { body: { ERROR: `${reason} ${text}` } };
}

/** The embedded controller is the only one of its switches: it is their master and stays it. */
async function setRole(body: string, answer: () => Answer): Promise<Answer> {
  return pusherAnswer(async () => {
    const json = parseBody(body);
    const role = typeof json === 'object' && json !== null && 'role' in json ? json.role : undefined;
    if (typeof role === 'string' && role.toUpperCase() === 'MASTER') return JSON.stringify(answer().body);
    const reason = role === undefined ? 'no role is given' : `the role ${JSON.stringify(role)} cannot be set here`;
    throw new RefusedError([
      { reason, remedy: 'Write {"role": "MASTER"}: the embedded controller is always the master of its switches' },
    ]);
  }).then((given) => ({ ...given, contentType: 'application/json' }));
}

function coreResource({ topology, startedAt, connectedSince }: ControllerState, path: string): Methods | undefined {
  const connected = topology.switches.filter(({ name }) => topology.switchIsUp(name));
  const bodies: Readonly<Record<string, () => unknown>> = {
    'controller/switches/json': () =>
      connected.map(({ dpid }) => ({
        inetAddress: '/127.0.0.1:6653',
        connectedSince: connectedSince.get(dpid) ?? startedAt,
        openFlowVersion: 'OF_13',
        switchDPID: dpid,
      })),
    'controller/summary/json': () => ({
      '# Switches': connected.length,
      '# inter-switch links': 2 * links(topology).length,
      '# quarantine ports': 0,
      '# hosts': topology.hosts.length,
    }),
    'health/json': () => ({ healthy: true }),
    'system/uptime/json': () => ({ systemUptimeMsec: Date.now() - startedAt }),
    'memory/json': () => {
      const { heapTotal, heapUsed } = process.memoryUsage();
      return { total: heapTotal, free: heapTotal - heapUsed };
    },
  };
  const body = Object.hasOwn(bodies, path) ? bodies[path] : undefined;
  return body === undefined ? undefined : { GET: () => ({ body: body() }) };
}
