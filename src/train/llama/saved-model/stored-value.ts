import { Tape } from '../../../autograd/tape.ts';
import { quote } from '../../../formats/format-error.ts';
import type { Gpu } from '../../../gpu/gpu.ts';
import { Scope } from '../../../gpu/scope.ts';
import { decodedWeight } from '../../../quantizer/coding.ts';
import { layerOf } from '../../../quantizer/kept-layers.ts';
import { createQuantizer } from '../../../quantizer/quantizer.ts';
import { type HostTensor, hostTensor, hostTensorFrom, valuesOf } from '../../../tensor/host.ts';
import { sizeOf } from '../../../tensor/shape.ts';
import { ENGINE } from '../../engine-quantizer.ts';
import { SaveError } from './save-error.ts';

/** Element types of saved values: floats, and blocks of GGUF files. */
export type StoredType = 'f32' | 'f16' | 'bf16' | 'q8_0';

/** A value as it is saved. */
export interface StoredValue {
  readonly bytes: Uint8Array;
  /** What the bytes stand for, where that is asked for. */
  readonly stands?: ArrayLike<number> | undefined;
}

/** Above these a number becomes infinite; of a block its scale, 1 / 127 of the largest, does. */
const LIMITS: Readonly<Record<StoredType, number>> = {
  f32: Number.POSITIVE_INFINITY,
  f16: 65_520,
  bf16: 2 ** 127 * (2 - 2 ** -8),
  q8_0: 127 * 65_520,
};

/**
 * A value f32 in another type, rounded to nearest, or in blocks that are made on the device. Throws
 * SaveError `save-overflow` for a number that the type does not hold.
 */
export async function storedValue(
  gpu: Gpu,
  name: string,
  value: HostTensor,
  type: StoredType,
  decodes: boolean,
): Promise<StoredValue> {
  const beyond = value.data.findIndex((x) => !(Math.abs(x) < LIMITS[type]));
  if (beyond >= 0)
    throw new SaveError(
      'save-overflow',
      `${quote(name)} has ${value.data[beyond]}, which ${type} does not hold: save the model as merged-float32`,
    );
  if (type === 'q8_0') return await inBlocks(gpu, name, value, decodes);
  const stored = type === 'f32' ? value : hostTensorFrom(type, value.shape, value.data);
  return { bytes: bytesOf(stored), stands: decodes ? valuesOf(stored) : undefined };
}

async function inBlocks(
  gpu: Gpu,
  name: string,
  { shape, data }: HostTensor,
  decodes: boolean,
): Promise<StoredValue> {
  using owned = new Scope();
  const [, ...rest] = shape;
  const width = sizeOf(rest);
  const read = (first: number, count: number) =>
    hostTensor('f32', [count, ...rest], data.subarray(first * width, (first + count) * width));
  const quantizer = createQuantizer(ENGINE, { method: 'q8_0' });
  const weight = quantizer.quantizeRows(gpu, { shape, read }, layerOf(name));
  const { packed } = owned.addAll(weight.parts);
  using tape = new Tape(gpu);
  const stands = decodes ? await decodedWeight(tape, weight, name).read() : undefined;
  return {
    bytes: bytesOf(await (packed as NonNullable<typeof packed>).read()),
    stands: stands?.data,
  };
}

const bytesOf = ({ data }: HostTensor): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
