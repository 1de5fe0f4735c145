import type { Application } from '../graph/call.ts';
import { PRODUCTS } from '../reference/autocast.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { CaseContext } from './context.ts';

/** In which formats the products of a training are stored: every op is right in each of them. */
export class StoredProducts {
  readonly #seen = new Set<DType | undefined>();

  /** Takes note of an op. */
  see({ op, outputs, gradients }: Application<Tensor>): void {
    if (!gradients && op.name in PRODUCTS) this.#seen.add(outputs['y']?.dtype);
  }

  /** Asserts that all were stored as `dtype`. */
  expect(t: CaseContext, dtype: DType): void {
    const seen = [...this.#seen];
    t.expect(
      seen.join() === dtype,
      () => `products are stored in ${seen.join(' and ')}, and should be in ${dtype}`,
    );
  }
}
