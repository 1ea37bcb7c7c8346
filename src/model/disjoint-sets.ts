/** Sets of things, of which no two have anything in common: at first each thing is alone. */
export class DisjointSets<Item> {
  /** Of things that are not roots, one that is nearer to the root. */
  readonly #above = new Map<Item, Item>();

  /** What stands for the set of a thing: the same exactly for things of one set. */
  rootOf(item: Item): Item {
    let root = item;
    for (let next = this.#above.get(root); next !== undefined; next = this.#above.get(root)) root = next;
    // Shortens the way for the next time.
    if (root !== item) this.#above.set(item, root);
    return root;
  }

  /** Makes one set of those of two things. Returns whether they were apart. */
  join(a: Item, b: Item): boolean {
    const [first, second] = [this.rootOf(a), this.rootOf(b)];
    if (first === second) return false;
    this.#above.set(first, second);
    return true;
  }
}
