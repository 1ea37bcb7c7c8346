import type { MaskedValue } from '../model/match.ts';

/** IPv4 addresses that a mask can match as one: 2^(32 - prefixLength) of them from `first` on. */
export interface AddressBlock {
  readonly first: number;
  /** 0 to 32 */
  readonly prefixLength: number;
}

/** The fewest blocks that hold exactly these addresses, in their order. */
export function blocksOf(addresses: Iterable<number>): readonly AddressBlock[] {
  const sorted = [...new Set(addresses)].sort((a, b) => a - b);
  const blocks: AddressBlock[] = [];
  for (let index = 0; index < sorted.length; ) {
    const first = sorted[index] ?? 0;
    let size = 1;
    // Twice the size, while it begins where such a block may and every address of it is there.
    while (size < 2 ** 32 && first % (2 * size) === 0 && sorted[index + 2 * size - 1] === first + 2 * size - 1)
      size *= 2;
    blocks.push({ first, prefixLength: 32 - Math.log2(size) });
    index += size;
  }
  return blocks;
}

export function maskOf({ first, prefixLength }: AddressBlock): MaskedValue {
  const mask = ((1n << 32n) - 1n) ^ ((1n << BigInt(32 - prefixLength)) - 1n);
  return { value: BigInt(first), mask };
}
