import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { type Answer, type Input, type Progress, REQUESTS, type RequestName } from './messages.ts';

const messageSchema = z.looseObject({
  id: z.int().optional(),
  error: z.string().optional(),
  /** Why the other side ends. */
  died: z.string().optional(),
});

/** How each request's progress and answer are read. */
const READERS: {
  readonly [N in RequestName]: { readonly progress: z.ZodType<Progress<N>>; readonly answer: z.ZodType<Answer<N>> };
} = REQUESTS;

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: (progress: unknown) => void;
}

/** Requests to `resident.py` and its answers, as lines of JSON. */
export class Conversation {
  readonly #stream: Duplex;
  readonly #waiting = new Map<number, Waiting>();
  #lastWords: string | undefined;
  #ended: string | undefined;
  #nextId = 1;

  constructor(stream: Duplex) {
    this.#stream = stream;
    // The end of the sandbox may reset it: what then becomes of requests is said by `end`.
    createInterface({ input: stream })
      .on('line', (line) => this.#hear(line))
      .on('error', () => {});
  }

  /**
   * Asks for something.
   * @throws Error when the other side fails, sends a wrong answer or ends; the signal's reason when it is aborted first
   */
  async request<N extends RequestName>(
    name: N,
    input: Input<N>,
    signal: AbortSignal,
    onProgress: (progress: Progress<N>) => void = () => {},
  ): Promise<Answer<N>> {
    signal.throwIfAborted();
    if (this.#ended !== undefined) throw new Error(this.#ended);
    const { progress, answer } = READERS[name];
    const id = this.#nextId++;
    const cancel = () => {
      this.#say({ cancel: id });
      this.#waiting.get(id)?.reject(signal.reason);
      this.#waiting.delete(id);
    };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const result = await new Promise((resolve, reject) => {
        const hearProgress = (said: unknown) => onProgress(read(progress, said, `progress of ${name}`));
        this.#waiting.set(id, { resolve, reject, onProgress: hearProgress });
        this.#say({ id, do: name, input });
      });
      return read(answer, result, `answer to ${name}`);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  /**
   * Rejects all requests that wait for an answer.
   * @returns why it ended: the other side's last words, else this reason
   */
  end(reason: string): string {
    const why = this.#lastWords ?? reason;
    this.#ended = why;
    this.#rejectAll(why);
    return why;
  }

  #rejectAll(reason: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(reason));
    this.#waiting.clear();
  }

  #say(message: Readonly<Record<string, unknown>>): void {
    this.#stream.write(`${JSON.stringify(message)}\n`);
  }

  #hear(line: string): void {
    const message = messageIn(line);
    if (message === undefined) {
      // It may have been the answer to any of them.
      this.#rejectAll(`the sandbox sent something that is not an answer: ${line.slice(0, 200)}`);
      return;
    }
    const { id, error, died } = message;
    if (died !== undefined) this.#lastWords = died;
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    // Nobody waits for the answer to a cancelled request.
    if (id === undefined || waiting === undefined) return;
    try {
      if ('progress' in message) {
        waiting.onProgress(message['progress']);
        return;
      }
      if (error === undefined) waiting.resolve(message['result']);
      else waiting.reject(new Error(error));
    } catch (wrong) {
      waiting.reject(wrong as Error);
    }
    this.#waiting.delete(id);
  }
}

function messageIn(line: string): z.output<typeof messageSchema> | undefined {
  try {
    return messageSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

/** @throws Error with the first thing that is wrong in a value */
function read<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw new Error(`the sandbox's ${what} is wrong: ${place}${issue?.message}`);
}
