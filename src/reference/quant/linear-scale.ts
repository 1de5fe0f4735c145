import { packing } from '../../quant/packing/packing.ts';
import { filledTensor, type HostTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Onnx } from '../../vocabulary/quant/linear-scale.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { PlausibleBug, Value } from '../record.ts';

/** Parameters of a sample, which are in its label. */
export type SampleParams = { readonly [Name in keyof Onnx]?: NonNullable<Onnx[Name]> };

/** What says which elements share a scale. */
type Sharing = Pick<Onnx, 'axis' | 'block_size'>;

/** Codes of 4 bits, two a byte, the first in the low bits. */
export const NIBBLES = packing(4);

/** Code i of a tensor, of those that may be packed. */
export function codesIn(
  { data }: Value,
  { packed, dtype }: Pick<Onnx, 'packed' | 'dtype'>,
): (i: number) => number {
  if (!packed) return (i) => data[i] as number;
  const sign = dtype === 'int4' ? 8 : 0;
  return (i) => (NIBBLES.codeAt(data, i) ^ sign) - sign;
}

/** The shape of scales and zero points of a tensor. */
export function scaleShape(x: Shape, { axis, block_size }: Sharing): Shape {
  if (axis === undefined) return [1];
  const at = axis < 0 ? axis + x.length : axis;
  const size = x[at] as number;
  return block_size === undefined ? [size] : x.with(at, Math.ceil(size / block_size));
}

/** Which scale element `i` of a tensor has. */
export function scaleOf(i: number, x: Shape, { axis, block_size }: Sharing): number {
  if (axis === undefined) return 0;
  const at = axis < 0 ? axis + x.length : axis;
  const size = x[at] as number;
  const inner = sizeOf(x.slice(at + 1));
  const along = Math.floor(i / inner) % size;
  if (block_size === undefined) return along;
  const blocks = Math.ceil(size / block_size);
  return (
    (Math.floor(i / (inner * size)) * blocks + Math.floor(along / block_size)) * inner + (i % inner)
  );
}

/** Scales of both halves of an order of magnitude. */
export function drawScales(random: Random, x: Shape, params: Sharing, exact?: boolean): HostTensor {
  const shape = scaleShape(x, params);
  return filledTensor('f32', shape, () =>
    exact ? 2 ** random.integer(-3, 1) : random.uniform(0.01, 0.1),
  );
}

/** Inputs that say what level a code stands for. */
interface Scales {
  readonly scale: Value;
  readonly zero_point?: Value | undefined;
}

/**
 * Plausible bugs of scale and zero point, and of parameters that say which of them an element has.
 */
export function linearPlausibleBugs<P extends Onnx, Inputs extends Scales>(): readonly PlausibleBug<
  P,
  Inputs
>[] {
  return [
    inputBug('scale wrong by 2e-5', 'scale', (x) => x * (1 + 2e-5)),
    inputBug('no zero point', 'zero_point', () => 0),
    paramsBug('the other sign of codes of 4 bits', (params) =>
      params.packed ? { ...params, dtype: params.dtype === 'int4' ? 'uint4' : 'int4' } : params,
    ),
    paramsBug('another axis', (params) => (params.axis === 1 ? { ...params, axis: 0 } : params)),
    paramsBug('blocks of another size', (params) =>
      params.block_size ? { ...params, block_size: params.block_size + 1 } : params,
    ),
  ];
}
