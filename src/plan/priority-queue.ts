/** A binary heap: takes the first of what is waiting, by an order that is given. */
export class PriorityQueue<T> {
  readonly #comesBefore: (a: T, b: T) => boolean;
  readonly #heap: T[] = [];

  constructor(comesBefore: (a: T, b: T) => boolean) {
    this.#comesBefore = comesBefore;
  }

  add(item: T): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(item);
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !this.#comesBefore(item, parent)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = item;
  }

  take(): T | undefined {
    const heap = this.#heap;
    const [top] = heap;
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = heap[left + 1];
      let child = heap[left];
      let position = left;
      if (child !== undefined && right !== undefined && this.#comesBefore(right, child)) {
        child = right;
        position = left + 1;
      }
      if (child === undefined || !this.#comesBefore(child, last)) break;
      heap[index] = child;
      index = position;
    }
    heap[index] = last;
    return top;
  }
}
