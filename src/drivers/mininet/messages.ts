import { z } from 'zod';
import type { Ipv4Address, MacAddress } from '../../model/addresses.ts';

/**
 * What labctl and the resident program of a sandbox say to each other: one table of requests. `inside/messages.py` has
 * the same types, with what each field means; a test compares the two.
 */

const datapath = z.enum(['kernel', 'user']);
const byHost = <T extends z.ZodType>(value: T) => z.record(z.string(), value);
const pair = z.object({ source: z.string(), target: z.string() }).readonly();
const nothing = z.null();
/** As the kernel has them, and so well-formed. */
const ipv4 = z.string() as z.ZodType<string> as z.ZodType<Ipv4Address>;
const mac = z.string() as z.ZodType<string> as z.ZodType<MacAddress>;

/** By its name, what a request is given, what comes while it is worked on, and its answer. */
export const REQUESTS = {
  start: {
    input: z.object({
      folder: z.string(),
      topo: z.string(),
      datapath,
      fallback: z.boolean(),
      shares: byHost(z.string()).readonly(),
    }),
    progress: z.string(),
    answer: z.object({ mininet: z.string(), openVSwitch: z.string(), datapath, shells: byHost(z.int()) }),
  },
  'start-commands': {
    input: z.object({ commands: byHost(z.array(z.string()).readonly()), folder: z.string() }),
    progress: nothing,
    answer: z.array(z.object({ host: z.string(), command: z.string(), exitCode: z.int(), words: z.string() })),
  },
  probe: {
    input: z.object({
      points: z
        .array(z.object({ name: z.string(), host: z.string(), ip: z.string().nullable(), isSource: z.boolean() }))
        .readonly(),
      reaction: z.number(),
      only: z.array(pair).readonly().nullable(),
    }),
    progress: z.object({ pairs: z.int(), answered: z.int(), round: z.int() }),
    answer: z.object({
      rttMs: z.array(z.array(z.number().nullable())),
      probes: z.array(z.array(z.int())),
    }),
  },
  'host-states': {
    input: z.object({}),
    progress: nothing,
    answer: byHost(
      z.object({
        interfaces: z.array(
          z.object({
            name: z.string(),
            port: z.int(),
            vlan: z.int().nullable(),
            mac,
            addresses: z.array(z.object({ ip: ipv4, prefixLength: z.int() })),
            neighbours: z.array(z.object({ ip: ipv4, mac })),
            forwards: z.boolean(),
            reversePathFilter: z.int(),
            arpIgnore: z.int(),
            arpAnnounce: z.int(),
          }),
        ),
        otherAddresses: z.array(ipv4),
        routes: z.array(
          z.object({
            destination: ipv4,
            prefixLength: z.int(),
            via: ipv4.nullable(),
            source: ipv4.nullable(),
            metric: z.int(),
            interface: z.string().nullable(),
          }),
        ),
      }),
    ),
  },
  net: { input: z.object({}), progress: nothing, answer: z.array(z.string()) },
  'connect-switches': { input: z.object({ target: z.string() }), progress: nothing, answer: nothing },
  'set-link': {
    // Two nodes, and the port of the first where one link is meant.
    input: z.object({ a: z.string(), b: z.string(), port: z.int().nullable(), up: z.boolean() }),
    progress: nothing,
    answer: nothing,
  },
  'set-switch': { input: z.object({ name: z.string(), up: z.boolean() }), progress: nothing, answer: nothing },
  'begin-measurement': { input: pair, progress: nothing, answer: nothing },
  'end-measurement': {
    input: z.object({}),
    progress: nothing,
    answer: z
      .object({
        sent: z.int(),
        lost: z.int(),
        gapsMs: z.array(z.number()),
        answersAtFirst: z.boolean(),
        answersAtLast: z.boolean(),
      })
      .nullable(),
  },
};

type Requests = typeof REQUESTS;
export type RequestName = keyof Requests;
export type Input<N extends RequestName> = z.input<Requests[N]['input']>;
export type Progress<N extends RequestName> = z.output<Requests[N]['progress']>;
export type Answer<N extends RequestName> = z.output<Requests[N]['answer']>;
