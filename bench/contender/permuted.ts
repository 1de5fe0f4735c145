import { type HostTensor, hostTensor } from '../../src/tensor/host.ts';
import { sizeOf } from '../../src/tensor/shape.ts';

/** A tensor with its dimensions in another order: dimension d of the result is x's `order[d]`. */
export function permuted({ dtype, shape, data }: HostTensor, order: readonly number[]): HostTensor {
  const strides = shape.map((_, d) => sizeOf(shape.slice(d + 1)));
  const sizes = order.map((d) => shape[d] as number);
  const steps = order.map((d) => strides[d] as number);
  const result = data.slice();
  const at = sizes.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = data[from] as number;
    for (let d = sizes.length - 1; d >= 0; d--) {
      from += steps[d] as number;
      at[d] = (at[d] as number) + 1;
      if ((at[d] as number) < (sizes[d] as number)) break;
      from -= (steps[d] as number) * (sizes[d] as number);
      at[d] = 0;
    }
  }
  return hostTensor(dtype, sizes, result);
}

/** The order that undoes `order`. */
export function inverse(order: readonly number[]): number[] {
  return order.map((_, d) => order.indexOf(d));
}
