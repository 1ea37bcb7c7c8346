import { inputProblem, ProblemError } from '../model/problem.ts';
import { interfaceName, type Topology } from '../model/topology.ts';
import { abridged } from '../plan/requests.ts';

/** An interface of a lab. */
export interface CapturePoint {
  /** The host or switch that has it. */
  readonly node: string;
  /** e.g. `s1-eth1` */
  readonly interfaceName: string;
}

/**
 * The interface that a text names: `s1-eth1`, or a host or switch that has only one.
 * @throws ProblemError with those that there are
 */
export function capturePoint(topology: Topology, text: string): CapturePoint {
  const pointsOf = (node: string) =>
    topology.neighboursOf(node).map(({ port }) => ({ node, interfaceName: interfaceName({ node, port }) }));
  const nodes = [...topology.hosts, ...topology.switches].map(({ name }) => name);
  const ofNode = nodes.includes(text) ? pointsOf(text) : [];
  const [only] = ofNode;
  if (only !== undefined && ofNode.length === 1) return only;
  const all = nodes.flatMap(pointsOf);
  const found = all.find((point) => point.interfaceName === text);
  if (found !== undefined) return found;
  const named = text.split('-')[0] ?? '';
  const near = nodes.includes(named) ? pointsOf(named) : all;
  const list = near.map((point) => point.interfaceName);
  throw new ProblemError(
    inputProblem({
      code: 'unknown-interface',
      where: text,
      cause: ofNode.length > 1 ? 'has several interfaces' : 'there is no such interface',
      remedy: `name one: ${near === all ? abridged(list) : list.join(', ')}`,
    }),
  );
}
