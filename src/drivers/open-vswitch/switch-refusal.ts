import type { Dpid } from '../../model/addresses.ts';
import { environmentProblem, ProblemError } from '../../model/problem.ts';

/**
 * What a switch answers (OpenFlow 1.3, section A.4.4, by ovs-ofctl's names) in plain words.
 * Codes that are not here are shown as they are.
 */
const WORDS = {
  OFPBRC_EPERM: 'the switch keeps the last table, 254, for itself',
  OFPBMC_BAD_PREREQ: 'a field is matched without the field that it needs',
  OFPBMC_BAD_VALUE: 'a matched value is impossible',
  OFPBMC_BAD_MASK: 'a mask is impossible',
  OFPBMC_BAD_WILDCARDS: 'a field cannot be matched in part',
  OFPBAC_BAD_OUT_PORT: 'an action sends to a port that cannot be sent to',
  OFPBAC_BAD_OUT_GROUP: 'an action sends to a group that the switch does not have',
  OFPBAC_MATCH_INCONSISTENT: 'an action changes a field that the match does not promise to be there',
  OFPBAC_BAD_SET_ARGUMENT: 'an action sets a field to an impossible value',
  OFPBAC_BAD_SET_TYPE: 'an action sets a field that cannot be set',
  OFPBAC_BAD_ARGUMENT: 'an action has an impossible value',
  OFPBAC_BAD_TAG: 'an action pushes one VLAN tag more than the switch can see',
  OFPBAC_BAD_QUEUE: 'an action names a queue that the switch does not have',
  OFPBIC_BAD_TABLE_ID: 'goto_table names a table that is not later than the own one',
  OFPFMFC_TABLE_FULL: 'the flow table is full',
  OFPFMFC_BAD_TABLE_ID: 'there is no such flow table',
  OFPGMFC_GROUP_EXISTS: 'the switch has a group of this id already',
  OFPGMFC_UNKNOWN_GROUP: 'the switch does not have the group',
  OFPGMFC_INVALID_GROUP: 'the group is impossible',
  OFPGMFC_BAD_WATCH: 'a bucket watches a port that the switch does not have',
  OFPGMFC_WATCH_UNSUPPORTED: 'a bucket watches a port, which only select and fast-failover groups can',
  OFPGMFC_LOOP: 'the group would send to itself',
} as const;

/** A code with which a switch refuses a change. */
export type RefusalCode = keyof typeof WORDS;

/** The error for a change that a switch refused. */
export function switchRefusal(dpid: Dpid, code: string, options?: { cause?: unknown }): ProblemError {
  const words = Object.hasOwn(WORDS, code) ? `${WORDS[code as RefusalCode]} (${code})` : code;
  return new ProblemError(
    environmentProblem({
      code: 'switch-refused',
      where: { kind: 'switch', switch: dpid },
      cause: `the switch refused it: ${words}`,
    }),
    options,
  );
}
