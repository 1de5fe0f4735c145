/** A set of whole numbers from 0 to `most`; the next larger one is found in log(most) steps. */
export class NumberSet {
  /** Whether a number below each node of a binary tree is in; node 1 is its root. */
  readonly #nodes: Uint8Array;
  /** The node of 0; those of the other numbers follow. */
  readonly #first: number;

  constructor(most: number) {
    this.#first = 2 ** Math.ceil(Math.log2(most + 1));
    this.#nodes = new Uint8Array(2 * this.#first);
  }

  add(number: number): void {
    for (let node = this.#first + number; node > 0; node >>= 1) this.#nodes[node] = 1;
  }

  delete(number: number): void {
    let node = this.#first + number;
    this.#nodes[node] = 0;
    for (node >>= 1; node > 0 && !this.#leftIn(node); node >>= 1) this.#nodes[node] = 0;
  }

  /** The least number in it that is no less than this one. */
  leastFrom(number: number): number | undefined {
    let node = this.#first + number;
    // Up, and then over to what is larger.
    while (!this.#nodes[node]) {
      while (node & 1) node >>= 1;
      if (node === 0) return undefined;
      node += 1;
    }
    while (node < this.#first) node = this.#nodes[2 * node] ? 2 * node : 2 * node + 1;
    return node - this.#first;
  }

  #leftIn(node: number): boolean {
    return this.#nodes[2 * node] === 1 || this.#nodes[2 * node + 1] === 1;
  }
}
