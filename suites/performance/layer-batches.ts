import { Tape } from '../../src/autograd/tape.ts';
import { Scope } from '../../src/gpu/scope.ts';
import type { Value } from '../../src/reference/record.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { download, integers, SimpleLayer, upload } from '../errors/simple-layer.ts';

/** The layer with batches of integers, so that every result is known exactly. */
export class LayerBatches implements Disposable {
  readonly #t: CaseContext;
  readonly #scope = new Scope();
  readonly #layer: SimpleLayer;
  readonly #inputs: readonly Tensor[];
  readonly #expected: readonly Value[];
  readonly #results: (readonly [batch: number, y: Tensor])[] = [];

  /** A batch of each of these numbers of rows. */
  constructor(t: CaseContext, rows: readonly number[]) {
    this.#t = t;
    this.#layer = this.#scope.add(new SimpleLayer(t));
    const hosts = rows.map((count, i) => integers(t, i + 1, [count, 64]));
    this.#inputs = hosts.map((host) => this.#scope.add(upload(t, host)));
    this.#expected = hosts.map((host) => this.#layer.expected(host));
  }

  /** A job for each batch, whose results are kept. */
  get jobs(): readonly (() => void)[] {
    return this.#inputs.map((x, batch) => () => {
      const tape = this.#scope.add(new Tape(this.#t.gpu));
      this.#results.push([batch, this.#layer.forward(tape, x)]);
    });
  }

  /** The results so far, in their order, and what each must be. */
  get results(): readonly { readonly y: Tensor; readonly expected: Value }[] {
    return this.#results.map(([batch, y]) => ({ y, expected: this.#expected[batch] as Value }));
  }

  /** Asserts that every result so far is exact. */
  async expectExact(): Promise<void> {
    for (const [i, { y, expected }] of this.results.entries())
      this.#t.expectEqual(`result ${i + 1}`, await download(y), expected);
  }

  [Symbol.dispose](): void {
    this.#scope[Symbol.dispose]();
  }
}

/** A clock that is asked twice a sample, and shows for the i-th what `ms` says. */
export function plantedClock(ms: (sample: number) => number) {
  return () => {
    let now = 0;
    let asked = 0;
    return () => {
      if (asked % 2 === 1) now += ms((asked - 1) / 2);
      asked += 1;
      return now;
    };
  };
}
