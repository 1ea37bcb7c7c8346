import { describeWhere, type FilePlace } from '../../model/where.ts';

/** Remarks on an import, each with the places that it is about; the same remark on another place is one remark. */
export class Notes {
  readonly #placesOf = new Map<string, FilePlace[]>();

  add(text: string, where?: FilePlace): void {
    const places = this.#placesOf.get(text) ?? [];
    this.#placesOf.set(text, places);
    if (where !== undefined) places.push(where);
  }

  /** A line each, with the number of places and the first few of them. */
  lines(): readonly string[] {
    return [...this.#placesOf].map(([text, places]) => {
      if (places.length === 0) return text;
      const shown = places.slice(0, 3).map(describeWhere).join(', ');
      return places.length > 3 ? `${text} (${places.length} times: ${shown}, ...)` : `${text} (${shown})`;
    });
  }
}

/** A value of a file in a sentence. */
export function shown(value: unknown): string {
  const text = (typeof value === 'string' ? value : JSON.stringify(value)) ?? '';
  const cleaned = text.replaceAll(/\p{C}+/gu, ' ');
  return cleaned.length > 40 ? `${cleaned.slice(0, 40)}...` : cleaned;
}
