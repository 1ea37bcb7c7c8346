import { z } from 'zod';
import { told } from './told.ts';

/** The form of scenarios. That a step has one verb, and that names are those of something, is checked in `scenarios.ts`. */

/** The longest time that a step waits or may take, in words for messages. */
export const LONGEST_TIME = { ms: 3_600_000, shown: '1 h' } as const;

/** @param forms `hosts` is a list of hosts, `connected` one of two or more, `connection` how those are connected */
export function scenariosSchema<
  Points extends z.ZodType,
  Connected extends z.ZodType,
  Connection extends z.ZodType,
>(forms: { points: Points; connected: Connected; connection: Connection }) {
  const { points, connected, connection } = forms;
  const host = z.string(told('not the name of a host', 'write one such as h1'));

  const timeMessage = told('not a time', 'write it as 500 ms, 1.5 s or 2 min');
  const time = z.union([z.number(timeMessage), z.string(timeMessage)]);

  const partMessage = told('not a switch or a link', 'write s3, or s1-s3, or a list of them');
  const parts = z.union([z.string(partMessage), z.array(z.string(partMessage), partMessage).min(1, partMessage)]);

  const entryMessage = told(
    'neither a file of entries nor an entry',
    'write entries.json, or an entry as curl -d sends it, or a list of them',
  );
  const entry = z.union([z.string(entryMessage), z.record(z.string(), z.unknown(), entryMessage)]);

  const commandMessage = told('not a command', 'write it as in a shell: ip route; or as a list of words: [ip, route]');
  const exitMessage = told('an exit code is a whole number from 0 to 255', 'write one such as 0');
  const exec = z.strictObject(
    {
      host,
      run: z.union([
        z.string(commandMessage).min(1, commandMessage),
        z.array(z.string(commandMessage), commandMessage).min(1, commandMessage),
      ]),
      output: z
        .string(told('not a text', 'write a text that the output holds, or a regular expression: /^default via/'))
        .optional(),
      exit: z.int(exitMessage).min(0, exitMessage).max(255, exitMessage).optional(),
      timeout: time.optional(),
    },
    told('not a command on a host', 'write {host: h1, run: ip route, output: default via 10.0.0.254}'),
  );

  const rateMessage = told('a bound is a number of Mbit/s above 0', 'write one such as 50');
  const rate = z.number(rateMessage).positive(rateMessage);
  const iperf = z.strictObject(
    { from: host, to: host, at_least: rate.optional(), at_most: rate.optional() },
    told('not a measurement between two hosts', 'write {from: h1, to: h3, at_least: 50}'),
  );

  const expectMessage = told(
    'not an expectation',
    'write a name from expect:, predicted, asked, {groups: [[h1, h2]]}, {pingall: |...}, or pairs: {h1 -> h2: ok}',
  );
  const expectation = z.union([
    z.string(expectMessage),
    z
      .object(
        {
          groups: z.array(points, told('not a list of groups', 'write [[h1, h2], [h3]]')).optional(),
          pingall: z.string(told('not pasted pingall output', 'write it after a |, each line indented')).optional(),
        },
        expectMessage,
      )
      .catchall(
        z.string(
          told('a pair is ok, X or ?', 'write ok where it reaches, X where it does not, "?" where either will do'),
        ),
      ),
  ]);

  const step = z.strictObject(
    {
      connect: connection.optional(),
      disconnect: connected.optional(),
      entries: z.union([entry, z.array(entry, entryMessage).min(1, entryMessage)]).optional(),
      fault: parts.optional(),
      heal: parts.optional(),
      wait: time.optional(),
      exec: exec.optional(),
      expect: expectation.optional(),
      iperf: iperf.optional(),
    },
    told('a step is a verb and what it is about', 'write connect: [h1, h2], or expect: predicted'),
  );

  return z.record(
    z.string(),
    z
      .array(step, told('a scenario is a list of steps', 'write each of them after a dash: - expect: predicted'))
      .min(1, told('a scenario has steps', 'add one such as - expect: predicted, or leave the scenario out')),
    told('not named scenarios', 'write {tutorial: [{connect: [h1, h2]}, {expect: predicted}]}'),
  );
}
