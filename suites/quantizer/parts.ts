import { isQuantized } from '../../src/quant/weight.ts';
import type { DeviceWeight } from '../../src/quantizer/coding.ts';
import type { ReplaceableValues } from '../../src/quantizer/quantizer.ts';
import type { HostTensor } from '../../src/tensor/host.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

/** The tensors of all values by name, of a quantized one each part. */
function tensorsOf({
  names,
  view,
}: Pick<ReplaceableValues, 'names' | 'view'>): ReadonlyMap<string, Tensor> {
  return new Map(names.flatMap((name) => partsOf(name, view(name))));
}

function partsOf(name: string, value: Tensor | DeviceWeight): (readonly [string, Tensor])[] {
  if (!isQuantized(value)) return [[name, value]];
  return Object.entries(value.parts).map(([part, tensor]) => [`${name}.${part}`, tensor]);
}

/** All that {@link tensorsOf} finds, read back. */
export async function readTensors(
  values: Pick<ReplaceableValues, 'names' | 'view'>,
): Promise<ReadonlyMap<string, HostTensor>> {
  const read = new Map<string, HostTensor>();
  for (const [name, tensor] of tensorsOf(values)) read.set(name, await tensor.read());
  return read;
}

/** Whether two tensors have the same bits. */
export function sameBits(a: HostTensor | undefined, b: HostTensor | undefined): boolean {
  if (!a || !b || a.dtype !== b.dtype) return false;
  const [left, right] = [a, b].map(
    ({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  ) as [Uint8Array, Uint8Array];
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}
