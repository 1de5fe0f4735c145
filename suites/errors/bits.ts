import type { Value } from '../../src/reference/record.ts';
import type { HostTensor } from '../../src/tensor/host.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

/** The bits of float32 elements as whole numbers: NaN and the sign of zero count too. */
export async function bitsOf(tensor: Tensor): Promise<Value> {
  return { shape: tensor.shape, data: wordsOf(await tensor.read()) };
}

/** The same of elements that were read. */
export function wordsOf({ data }: HostTensor): Float64Array {
  return Float64Array.from(new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4));
}
