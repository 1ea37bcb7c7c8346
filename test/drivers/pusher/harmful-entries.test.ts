import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { breaksTheList, harmsOf } from '../../../src/drivers/pusher/harmful-entries.ts';
import { decodePost } from '../../../src/drivers/pusher/post-reader.ts';
import type { Entry } from '../../../src/model/openflow.ts';
import { compileConnections } from '../../../src/plan/connections.ts';
import type { RecordedExchange } from '../../support/fixtures/recorded-exchanges.ts';
import { s10h10 } from '../../support/fixtures/topologies.ts';

const file = join(import.meta.dirname, '../../contract/recorded/exchanges.json');
const exchanges = JSON.parse(readFileSync(file, 'utf8')) as readonly RecordedExchange[];

/** The entry of a recorded POST that the reader of raw entries takes; undefined for all others. */
function readable({ request }: RecordedExchange): Entry | undefined {
  if (request.method !== 'POST' || !request.path.endsWith('pusher/json') || request.body === null) return undefined;
  try {
    const read = decodePost(JSON.parse(request.body));
    return 'entry' in read ? read.entry : undefined;
  } catch {
    return undefined;
  }
}

describe('an entry is harmless', () => {
  const correct = exchanges.flatMap((exchange) => {
    const entry = readable(exchange);
    return entry === undefined ? [] : [{ id: exchange.id, entry }];
  });

  it.each(correct)('when it is read from the correct request $id', ({ entry }) => {
    expect(harmsOf(entry)).toEqual([]);
  });

  it('when a connection is compiled to it', () => {
    const { entries } = compileConnections(s10h10, [{ members: ['h2', 'h5', 'h6'] }]);
    expect(entries.length).toBeGreaterThan(10);
    expect(entries.flatMap(harmsOf)).toEqual([]);
    expect(entries.some(breaksTheList)).toBe(false);
  });
});
