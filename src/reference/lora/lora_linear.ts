import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { absolute, absoluteProduct, product, stageError } from '../matmul/product.ts';
import type { Acceptance, Arithmetic, Depth, OpRecord, RecordFault, Value, Values } from '../record.ts';
import { wrongParams } from '../wrong-value.ts';
import {
  addedLateError,
  type Columns,
  gainsOf,
  magnitudeError,
  magnitudeGradient,
  normErrors,
  normsOf,
  rescaled,
  rescaledError,
} from './lora_linear/dora.ts';
import { type LoraLinearParams, samples } from './lora_linear/samples.ts';
import { plus, type Stages, scaled, stagesOf } from './lora_linear/stages.ts';
import { flatRows } from './rows.ts';

const leading = (value: Value) => value.shape.slice(0, -1);

/** x W^T + s (x A^T) B^T. */
function linear({ x, B, W, xa, s }: Stages): Value {
  return plus(product(x, W, false, true), scaled(product(xa, B, false, true), s));
}

/** Outputs, with the norm of DoRA that of the merged weight in `at`. */
function forward(inputs: Values, params: LoraLinearParams, at: Values = inputs): Values {
  const stages = stagesOf(inputs, params);
  const { magnitude, bias } = inputs;
  const [out, r] = stages.B.shape as [number, number];
  const batch = leading(inputs['x'] as Value);
  const z = { ...linear(stages), shape: [...batch, out] };
  const norms = magnitude && normsOf(stagesOf(at, params));
  const y = magnitude && norms ? rescaled(z, gainsOf(magnitude, norms)) : z;
  return {
    y: { ...y, data: y.data.map((v, i) => v + (bias?.data[i % out] ?? 0)) },
    xa: { shape: [...batch, r], data: stages.xa.data },
    ...(norms ? { z, norm: { shape: [out], data: norms } } : {}),
  };
}

/** dxa = s dz B, dA = dxa^T x, dB = s dz^T xa, dx = dz W + dxa A, where dz is dy, or dy magnitude / norm. */
function vjp(inputs: Values, params: LoraLinearParams, grads: Values): Values {
  const stages = stagesOf(inputs, params);
  const { x, A, B, W, xa, s } = stages;
  const { magnitude } = inputs;
  const dy = flatRows(grads['y'] as Value);
  const norms = magnitude && normsOf(stages);
  const dz = magnitude && norms ? rescaled(dy, gainsOf(magnitude, norms)) : dy;
  const dxa = scaled(product(dz, B, false, false), s);
  return {
    lora_A: product(dxa, x, true, false),
    lora_B: scaled(product(dz, xa, true, false), s),
    x: { ...plus(product(dz, W, false, false), product(dxa, A, false, false)), shape: (inputs['x'] as Value).shape },
    ...(magnitude && norms ? { magnitude: { ...magnitude, data: magnitudeGradient(dy, linear(stages), norms) } } : {}),
  };
}

/** Error of x W^T + s (x A^T) B^T + bias, stage by stage. The scale is rounded to float32 and multiplied in: two more operations. */
function linearError({ x, A, B, W, xa, s, decoded }: Stages, errorOfXa: Value, depth: Depth, bias?: Float64Array): Value {
  const [features, r, out] = [A.shape[1], A.shape[0], W.shape[0]] as [number, number, number];
  const base = stageError(x, undefined, W, false, true, depth(features) + decoded);
  const update = scaled(stageError(xa, errorOfXa, B, false, true, depth(r) + 2), Math.abs(s));
  const size = plus(absoluteProduct(x, W, false, true), scaled(absoluteProduct(xa, B, false, true), Math.abs(s)));
  const sums = size.data.map((v, i) => 2 * EPS * (v + Math.abs(bias?.[i % out] ?? 0)) + 2 * FLUSH);
  return plus(plus(base, update), { ...size, data: sums });
}

const errorOfXa = ({ x, A }: Stages, depth: Depth): Value => stageError(x, undefined, A, false, true, depth(A.shape[1] as number));

/** DoRA's norms with their errors. */
function normsWithErrors(stages: Stages, depth: Depth): Columns {
  const values = normsOf(stages);
  return { values, errors: normErrors(stages, values, depth) };
}

function acceptance(inputs: Values, params: LoraLinearParams, { depth, otherFormulas }: Arithmetic): Record<string, Acceptance> {
  const stages = stagesOf(inputs, params);
  const { magnitude, bias } = inputs;
  const xa = errorOfXa(stages, depth);
  if (!magnitude) return { y: bounded(linearError(stages, xa, depth, bias?.data)), xa: bounded(xa) };
  const norms = normsWithErrors(stages, depth);
  const gains = gainsOf(magnitude, norms.values, norms.errors);
  const [z, errorOfZ] = [linear(stages), linearError(stages, xa, depth)];
  const scaledZ = rescaled(z, gains);
  const scaledError = rescaledError(z, errorOfZ, gains);
  const error = otherFormulas ? plus(scaledError, addedLateError(stages, errorOfZ, gains)) : scaledError;
  const out = gains.values.length;
  const sums = scaledZ.data.map((v, i) => EPS * (Math.abs(v) + 2 * Math.abs(bias?.data[i % out] ?? 0)));
  return {
    y: bounded(plus(error, { ...error, data: sums })),
    xa: bounded(xa),
    z: bounded(errorOfZ),
    norm: bounded({ shape: [out], data: norms.errors }),
  };
}

function vjpAcceptance(inputs: Values, params: LoraLinearParams, grads: Values, depth: Depth): Record<string, Acceptance> {
  const stages = stagesOf(inputs, params);
  const { x, A, B, W, xa, s, decoded } = stages;
  const { magnitude } = inputs;
  const dy = flatRows(grads['y'] as Value);
  const norms = magnitude && normsWithErrors(stages, depth);
  const gains = magnitude && norms && gainsOf(magnitude, norms.values, norms.errors);
  const dz = gains ? rescaled(dy, gains) : dy;
  const errorOfDz = gains && rescaledError(dy, undefined, gains);
  const [out, r, rows] = [W.shape[0], A.shape[0], x.shape[0]] as [number, number, number];
  const factor = Math.abs(s);
  const dxa = scaled(product(dz, B, false, false), s);
  const errorOfDxa = scaled(stageError(dz, errorOfDz, B, false, false, depth(out) + 2), factor);
  const xaError = errorOfXa(stages, depth);
  // stageError carries the error of its left operand, so dB is bounded as the transpose of xa^T dz, and dz's own error added.
  const ofXa = stageError(xa, xaError, dz, true, false, depth(rows) + 2);
  const dB = scaled(errorOfDz ? plus(ofXa, absoluteProduct(plus(absolute(xa), xaError), errorOfDz, true, false)) : ofXa, factor);
  const base = stageError(dz, errorOfDz, W, false, false, depth(out) + decoded);
  const update = stageError(dxa, errorOfDxa, A, false, false, depth(r) + 1);
  const size = plus(absoluteProduct(dz, W, false, false), absoluteProduct(dxa, A, false, false));
  const magnitudeBound = norms && magnitudeError(dy, linear(stages), linearError(stages, xaError, depth), norms, depth);
  return {
    lora_A: bounded(stageError(dxa, errorOfDxa, x, true, false, depth(rows))),
    lora_B: bounded({ shape: [out, r], data: dB.data.map((_, i) => dB.data[(i % r) * out + Math.floor(i / r)] as number) }),
    x: bounded(plus(plus(base, update), { ...size, data: size.data.map((v) => EPS * v + FLUSH) })),
    ...(magnitudeBound ? { magnitude: bounded({ shape: [out], data: magnitudeBound }) } : {}),
  };
}

function bounded(error: Value): Acceptance {
  return { kind: 'within', bound: error.data.map((e) => e * SECOND_ORDER) };
}

const FAULTS: readonly RecordFault[] = (['forward', 'backward'] as const).map((direction) => ({
  name: 'last rank dropped',
  direction,
  shader: { file: 'lora/lora_update', from: 'i < dims.r;', to: 'i + 1u < dims.r;' },
}));

/** PEFT's LoRA linear on a dense or a 4-bit base. */
export const record: OpRecord<LoraLinearParams> = {
  name: 'lora_linear',
  family: 'lora',
  summary: 'y = x W^T + s (x A^T) B^T + bias, W frozen; DoRA rescales its columns',
  inputs: {
    x: { dtypes: ['f32'], differentiable: true },
    weight: { dtypes: ['f32'], optional: true },
    packed: { dtypes: ['u8'], optional: true },
    absmax: { dtypes: ['f32'], optional: true },
    bias: { dtypes: ['f32'], optional: true },
    lora_A: { dtypes: ['f32'], differentiable: true },
    lora_B: { dtypes: ['f32'], differentiable: true },
    magnitude: { dtypes: ['f32'], optional: true, differentiable: true },
  },
  outputs: {
    y: { dtypes: ['f32'] },
    xa: { dtypes: ['f32'], optional: true },
    z: { dtypes: ['f32'], optional: true },
    norm: { dtypes: ['f32'], optional: true },
  },
  forward: (inputs, params) => forward(inputs, params),
  // PEFT's DoRA: no gradient flows through the norm.
  forwardDetached: forward,
  acceptance: (inputs, _outputs, params, arithmetic) => acceptance(inputs, params, arithmetic),
  vjp,
  vjpAcceptance: (inputs, _gradients, params, grads, { depth }) => vjpAcceptance(inputs, params, grads, depth),
  samples,
  faults: FAULTS,
  wrongValues: [
    wrongParams('scale alpha in place of alpha / r', (params) => ({ ...params, alpha: params.alpha * params.r })),
    wrongParams('scale of the other LoRA', (params) => ({ ...params, use_rslora: !params.use_rslora })),
    wrongParams('scale of one rank more', (params) => ({ ...params, r: params.r + 1 })),
    wrongParams('scale wrong by 2e-5', (params) => ({ ...params, alpha: params.alpha * (1 + 2e-5) })),
    { name: 'bias dropped', apply: (inputs, params) => ({ inputs: changed(inputs, 'bias', () => 0), params }) },
    {
      name: 'last rank dropped',
      apply: (inputs, params) => ({ inputs: changed(inputs, 'lora_B', (v, i) => (i % params.r === params.r - 1 ? 0 : v)), params }),
    },
    { name: 'lora_A wrong by 2e-5', apply: (inputs, params) => ({ inputs: changed(inputs, 'lora_A', (v) => v * (1 + 2e-5)), params }) },
    { name: 'lora_A filled by columns', apply: (inputs, params) => ({ inputs: changed(inputs, 'lora_A', byColumns), params }) },
    { name: 'lora_B filled by columns', apply: (inputs, params) => ({ inputs: changed(inputs, 'lora_B', byColumns), params }) },
    { name: 'LoRA for DoRA', apply: ({ magnitude: _, ...inputs }, params) => ({ inputs, params: { ...params, use_dora: false } }) },
    {
      name: 'magnitude wrong by 2e-5',
      apply: (inputs, params) => ({ inputs: changed(inputs, 'magnitude', (v) => v * (1 + 2e-5)), params }),
    },
    {
      name: 'norm of the base alone',
      apply: (inputs, params) => ({
        inputs: changed(
          inputs,
          'magnitude',
          (v, o) => (v * (normsOf(stagesOf(inputs, params))[o] as number)) / (baseNorms(inputs, params)[o] as number),
        ),
        params,
      }),
    },
    { name: 'weight wrong by 2e-5', apply: (inputs, params) => ({ inputs: changed(inputs, 'weight', (v) => v * (1 + 2e-5)), params }) },
    {
      name: 'absmax of the next block',
      apply: (inputs, params) => ({ inputs: changed(inputs, 'absmax', (_, i, { data }) => data[(i + 1) % data.length] as number), params }),
    },
    {
      name: 'nibbles swapped',
      apply: (inputs, params) => ({ inputs: changed(inputs, 'packed', (x) => (x % 16) * 16 + Math.floor(x / 16)), params }),
    },
    wrongParams('codes of the other type', (params) => ({ ...params, base: otherType(params) })),
    wrongParams('blocks twice as long', (params) => ({ ...params, blocksize: 2 * (params.blocksize ?? 64) })),
    {
      name: 'last feature dropped',
      apply: (inputs, params) => ({
        inputs: changed(inputs, 'x', (v, i, { shape }) => ((i + 1) % (shape.at(-1) as number) === 0 ? 0 : v)),
        params,
      }),
    },
  ],
};

function otherType({ base = 'dense' }: LoraLinearParams): 'dense' | 'nf4' | 'fp4' {
  if (base === 'dense') return base;
  return base === 'nf4' ? 'fp4' : 'nf4';
}

function changed(inputs: Values, name: string, change: (v: number, i: number, value: Value) => number): Values {
  const value = inputs[name];
  return value ? { ...inputs, [name]: { ...value, data: value.data.map((v, i) => change(v, i, value)) } } : inputs;
}

/** The element that a kernel with swapped strides would read. */
function byColumns(_: number, i: number, { shape, data }: Value): number {
  const [rows, cols] = shape as [number, number];
  return data[(i % cols) * rows + Math.floor(i / cols)] as number;
}

/** What DoRA's norms would be without the adapter. */
function baseNorms(inputs: Values, params: LoraLinearParams): Float64Array {
  return normsOf({ ...stagesOf(inputs, params), s: 0 });
}
