import { GradproofError } from '../errors.ts';
import { seam } from '../seam.ts';
import type { DType } from './dtype.ts';
import { type HostTensor, hostTensor } from './host.ts';
import type { Shape } from './shape.ts';

/** Arrays whose elements a tensor holds exactly, and the element type that it has then. */
const ACCEPTED = {
  Float32Array: 'f32',
  Int32Array: 'i32',
  Uint32Array: 'u32',
  Int8Array: 'i8',
  Uint8Array: 'u8',
} as const satisfies Readonly<Record<string, DType>>;

type Accepted = Float32Array | Int32Array | Uint32Array | Int8Array | Uint8Array;

const dtypeOf = seam('tensor.dtype_of', (data: unknown): DType | undefined => {
  const name = Object.prototype.toString.call(data).slice(8, -1);
  return Object.hasOwn(ACCEPTED, name) ? ACCEPTED[name as keyof typeof ACCEPTED] : undefined;
});

/**
 * A host tensor over what a caller has. Taken are Float32Array (f32), Int32Array (i32), Uint32Array
 * (u32), Int8Array (i8) and Uint8Array (u8), whose elements stay exactly what they are; for
 * anything else, Float64Array and BigInt64Array among it, `dtype` is thrown: rounding is the
 * caller's decision.
 */
export function fromArray(data: unknown, shape: Shape): HostTensor {
  const dtype = dtypeOf(data);
  if (dtype) return hostTensor(dtype, shape, data as Accepted);
  const given = Object.prototype.toString.call(data).slice(8, -1);
  throw new GradproofError(
    'dtype',
    `a tensor cannot be made of ${given}: give one of ${Object.keys(ACCEPTED).join(', ')}`,
  );
}
