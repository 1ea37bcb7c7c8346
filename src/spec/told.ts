/** The message of an issue, for which zod has one text: its cause and its remedy, a line each. */
export function told(cause: string, remedy: string): string {
  return `${cause}\n${remedy}`;
}

/** What `told` has put together. The remedy is absent where zod wrote the message. */
export function readTold(message: string): { readonly cause: string; readonly remedy?: string } {
  const [cause = message, remedy] = message.split('\n');
  return { cause, ...(remedy === undefined ? {} : { remedy }) };
}
