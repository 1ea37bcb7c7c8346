import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One request and what a real Floodlight answered (test/contract/recorded); verbatim. */
export interface RecordedExchange {
  readonly id: string;
  readonly request: { readonly method: string; readonly path: string; readonly body: string | null };
  /** Null fields where Floodlight never answered. */
  readonly response: {
    readonly status: number | null;
    readonly headers: Readonly<Record<string, string | null>>;
    readonly body: string | null;
  };
}

const file = join(import.meta.dirname, '../contract/recorded/exchanges.json');
const exchanges = new Map(
  (JSON.parse(readFileSync(file, 'utf8')) as RecordedExchange[]).map((exchange) => [exchange.id, exchange]),
);

export function recorded(id: string): RecordedExchange {
  const exchange = exchanges.get(id);
  if (exchange === undefined) throw new Error(`no exchange ${id} is recorded`);
  return exchange;
}

export function isRecorded(id: string): boolean {
  return exchanges.has(id);
}

/** The body that Floodlight answered, parsed. */
export function recordedJson(id: string): unknown {
  return JSON.parse(recorded(id).response.body ?? '');
}
