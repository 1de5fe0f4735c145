import { type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Value, WrongValue } from '../record.ts';

/** The vocabulary's parameters of linear quantization. */
export interface LinearParams {
  readonly axis?: number;
  readonly block_size?: number;
  readonly dtype?: 'int4' | 'uint4' | 'int8' | 'uint8';
}

/** The shape of scales and zero points of a tensor. */
export function scaleShape(x: Shape, { axis, block_size }: LinearParams): Shape {
  if (axis === undefined) return [1];
  const at = axis < 0 ? axis + x.length : axis;
  const size = x[at] as number;
  return block_size === undefined ? [size] : x.with(at, Math.ceil(size / block_size));
}

/** Which scale element `i` of a tensor has. */
export function scaleOf(i: number, x: Shape, { axis, block_size }: LinearParams): number {
  if (axis === undefined) return 0;
  const at = axis < 0 ? axis + x.length : axis;
  const [size, inner] = [x[at] as number, sizeOf(x.slice(at + 1))];
  const along = Math.floor(i / inner) % size;
  if (block_size === undefined) return along;
  const blocks = Math.ceil(size / block_size);
  return (Math.floor(i / (inner * size)) * blocks + Math.floor(along / block_size)) * inner + (i % inner);
}

/** Scales of both halves of an order of magnitude. */
export function drawScales(random: Random, x: Shape, params: LinearParams, exact = false): HostTensor {
  const shape = scaleShape(x, params);
  return hostTensorFrom(
    'f32',
    shape,
    random.fill(sizeOf(shape), () => (exact ? 2 ** random.integer(-3, 1) : random.uniform(0.01, 0.1))),
  );
}

const scaled = (value: Value, factor: number): Value => ({ ...value, data: value.data.map((x) => x * factor) });

/** Wrong values of scale and zero point, and of parameters that say which of them an element has. */
export const linearWrongValues: readonly WrongValue<LinearParams>[] = [
  {
    name: 'scale wrong by 2e-5',
    apply: (inputs, params) => ({ inputs: { ...inputs, scale: scaled(inputs['scale'] as Value, 1 + 2e-5) }, params }),
  },
  {
    name: 'no zero point',
    apply: (inputs, params) => ({
      inputs: inputs['zero_point'] ? { ...inputs, zero_point: scaled(inputs['zero_point'], 0) } : inputs,
      params,
    }),
  },
  { name: 'another axis', apply: (inputs, params) => ({ inputs, params: params.axis === 1 ? { ...params, axis: 0 } : params }) },
  {
    name: 'blocks of another size',
    apply: (inputs, params) => ({ inputs, params: params.block_size ? { ...params, block_size: params.block_size + 1 } : params }),
  },
];
