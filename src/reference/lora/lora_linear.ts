import { blockFormats } from '../../quant/registry.ts';
import { loraLinear as signature } from '../../vocabulary/lora/lora_linear.ts';
import type { GradientsOf, GradOutputsOf, OutputsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { defineRecord } from '../define.ts';
import { absolute, absoluteProduct, product, stageError } from '../matmul/product.ts';
import { flatRows } from '../matmul/rows.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Depth, RecordFault, Value } from '../record.ts';
import {
  addedLateError,
  type Columns,
  gainsOf,
  gainsWithErrors,
  magnitudeError,
  magnitudeGradient,
  normErrors,
  normsOf,
  rescaled,
  rescaledError,
} from './lora_linear/dora.ts';
import { samples } from './lora_linear/samples.ts';
import {
  type Inputs,
  type Params,
  plus,
  type Stages,
  scaled,
  stagesOf,
} from './lora_linear/stages.ts';

type Outputs<T> = OutputsOf<typeof signature, T>;
type Gradients<T> = GradientsOf<typeof signature, T>;
type GradOutputs = GradOutputsOf<typeof signature, Value>;

const leading = (value: Value) => value.shape.slice(0, -1);

/** x W^T + s (x A^T) B^T. */
function linear({ x, B, W, xa, s }: Stages): Value {
  return plus(product(x, W, false, true), scaled(product(xa, B, false, true), s));
}

/** Outputs, with the norm of DoRA that of the merged weight in `at`. */
function forward(inputs: Inputs, params: Params, at: Inputs = inputs): Outputs<Value> {
  const stages = stagesOf(inputs, params);
  const { magnitude, bias } = inputs;
  const [out, r] = stages.B.shape as [number, number];
  const batch = leading(inputs.x);
  const z = { ...linear(stages), shape: [...batch, out] };
  const norms = magnitude && normsOf(stagesOf(at, params));
  const y = norms ? rescaled(z, gainsOf(magnitude, norms)) : z;
  return {
    y: { ...y, data: y.data.map((v, i) => v + (bias?.data[i % out] ?? 0)) },
    xa: { shape: [...batch, r], data: stages.xa.data },
    ...(norms ? { z, norm: { shape: [out], data: norms } } : {}),
  };
}

/**
 * dxa = s dz B, dA = dxa^T x, dB = s dz^T xa, dx = dz W + dxa A, where dz is dy, or dy magnitude /
 * norm.
 */
function vjp(inputs: Inputs, params: Params, grads: GradOutputs): Gradients<Value> {
  const stages = stagesOf(inputs, params);
  const { x, A, B, W, xa, s } = stages;
  const { magnitude } = inputs;
  const dy = flatRows(grads.y);
  const norms = magnitude && normsOf(stages);
  const dz = norms ? rescaled(dy, gainsOf(magnitude, norms)) : dy;
  const dxa = scaled(product(dz, B, false, false), s);
  return {
    lora_A: product(dxa, x, true, false),
    lora_B: scaled(product(dz, xa, true, false), s),
    x: {
      ...plus(product(dz, W, false, false), product(dxa, A, false, false)),
      shape: inputs.x.shape,
    },
    ...(norms
      ? { magnitude: { ...magnitude, data: magnitudeGradient(dy, linear(stages), norms) } }
      : {}),
  };
}

/**
 * Error of x W^T + s (x A^T) B^T + bias, stage by stage. The scale is rounded to float32 and
 * multiplied in: two more operations.
 */
function linearError(
  { x, A, B, W, xa, s, decoded }: Stages,
  errorOfXa: Value,
  depth: Depth,
  bias?: Float64Array,
): Value {
  const [r, features] = A.shape as [number, number];
  const [out] = W.shape as [number];
  const base = stageError(x, undefined, W, false, true, depth(features) + decoded);
  const update = scaled(stageError(xa, errorOfXa, B, false, true, depth(r) + 2), Math.abs(s));
  const size = plus(
    absoluteProduct(x, W, false, true),
    scaled(absoluteProduct(xa, B, false, true), Math.abs(s)),
  );
  const sums = size.data.map((v, i) => 2 * EPS * (v + Math.abs(bias?.[i % out] ?? 0)) + 2 * FLUSH);
  return plus(plus(base, update), { data: sums });
}

const errorOfXa = ({ x, A }: Stages, depth: Depth): Value =>
  stageError(x, undefined, A, false, true, depth(A.shape[1] as number));

/** DoRA's norms with their errors. */
function normsWithErrors(stages: Stages, depth: Depth): Columns {
  const values = normsOf(stages);
  return { values, errors: normErrors(stages, values, depth) };
}

function acceptance(
  inputs: Inputs,
  params: Params,
  { depth, otherFormulas }: Arithmetic,
): Partial<Outputs<Acceptance>> {
  const stages = stagesOf(inputs, params);
  const { magnitude, bias } = inputs;
  const xa = errorOfXa(stages, depth);
  if (!magnitude)
    return { y: bounded(linearError(stages, xa, depth, bias?.data)), xa: bounded(xa) };
  const norms = normsWithErrors(stages, depth);
  const gains = gainsWithErrors(magnitude, norms);
  const z = linear(stages);
  const errorOfZ = linearError(stages, xa, depth);
  const scaledZ = rescaled(z, gains.values);
  const scaledError = rescaledError(z, errorOfZ, gains);
  const error = otherFormulas
    ? plus(scaledError, addedLateError(stages, errorOfZ, gains))
    : scaledError;
  const [out] = stages.W.shape as [number];
  const sums = scaledZ.data.map(
    (v, i) => EPS * (Math.abs(v) + 2 * Math.abs(bias?.data[i % out] ?? 0)),
  );
  return {
    y: bounded(plus(error, { data: sums })),
    xa: bounded(xa),
    z: bounded(errorOfZ),
    norm: bounded({ data: norms.errors }),
  };
}

function vjpAcceptance(
  inputs: Inputs,
  params: Params,
  grads: GradOutputs,
  depth: Depth,
): Gradients<Acceptance> {
  const stages = stagesOf(inputs, params);
  const { x, A, B, W, xa, s, decoded } = stages;
  const { magnitude } = inputs;
  const dy = flatRows(grads.y);
  const norms = magnitude && normsWithErrors(stages, depth);
  const gains = norms && gainsWithErrors(magnitude, norms);
  const dz = gains ? rescaled(dy, gains.values) : dy;
  const errorOfDz = gains && rescaledError(dy, undefined, gains);
  const [out] = W.shape as [number];
  const [r] = A.shape as [number];
  const [rows] = x.shape as [number];
  const factor = Math.abs(s);
  const dxa = scaled(product(dz, B, false, false), s);
  const errorOfDxa = scaled(stageError(dz, errorOfDz, B, false, false, depth(out) + 2), factor);
  const xaError = errorOfXa(stages, depth);
  // stageError carries the error of its left operand, so dB is bounded as the transpose of xa^T dz,
  // and dz's own error added.
  const ofXa = stageError(xa, xaError, dz, true, false, depth(rows) + 2);
  const dB = scaled(
    errorOfDz
      ? plus(ofXa, absoluteProduct(plus(absolute(xa), xaError), errorOfDz, true, false))
      : ofXa,
    factor,
  );
  const base = stageError(dz, errorOfDz, W, false, false, depth(out) + decoded);
  const update = stageError(dxa, errorOfDxa, A, false, false, depth(r) + 1);
  const size = plus(absoluteProduct(dz, W, false, false), absoluteProduct(dxa, A, false, false));
  const magnitudeBound =
    norms && magnitudeError(dy, linear(stages), linearError(stages, xaError, depth), norms, depth);
  return {
    lora_A: bounded(stageError(dxa, errorOfDxa, x, true, false, depth(rows))),
    lora_B: bounded({
      data: dB.data.map((_, i) => dB.data[(i % r) * out + Math.floor(i / r)] as number),
    }),
    x: bounded(plus(plus(base, update), { data: size.data.map((v) => EPS * v + FLUSH) })),
    ...(magnitudeBound ? { magnitude: bounded({ data: magnitudeBound }) } : {}),
  };
}

function bounded(error: Pick<Value, 'data'>): Acceptance {
  return { kind: 'within', bound: error.data.map((e) => e * SECOND_ORDER) };
}

const FAULTS: readonly RecordFault[] = (['forward', 'backward'] as const).map((direction) => ({
  name: 'last rank dropped',
  direction,
  shader: { file: 'lora/lora_update', from: 'i < dims.r;', to: 'i + 1u < dims.r;' },
}));

/** PEFT's LoRA linear on a dense or a quantized base. */
export const record = defineRecord(signature, {
  summary: 'y = x W^T + s (x A^T) B^T + bias, W frozen; DoRA rescales its columns',
  forward: (inputs, params) => forward(inputs, params),
  // PEFT's DoRA: no gradient flows through the norm.
  forwardDetached: forward,
  acceptance: (inputs, _outputs, params, arithmetic) => acceptance(inputs, params, arithmetic),
  vjp,
  vjpAcceptance: (inputs, _gradients, params, grads, { depth }) =>
    vjpAcceptance(inputs, params, grads, depth),
  samples,
  faults: FAULTS,
  plausibleBugs: [
    paramsBug('scale alpha in place of alpha / r', (params) => ({
      ...params,
      alpha: params.alpha * params.r,
    })),
    paramsBug('scale of the other LoRA', (params) => ({
      ...params,
      use_rslora: !params.use_rslora,
    })),
    paramsBug('scale of one rank more', (params) => ({ ...params, r: params.r + 1 })),
    paramsBug('scale wrong by 2e-5', (params) => ({
      ...params,
      alpha: params.alpha * (1 + 2e-5),
    })),
    inputBug('bias dropped', 'bias', () => 0),
    {
      name: 'last rank dropped',
      apply: (inputs, params) => {
        const { data, ...lora_B } = inputs.lora_B;
        const kept = data.map((v, i) => (i % params.r === params.r - 1 ? 0 : v));
        return { inputs: { ...inputs, lora_B: { ...lora_B, data: kept } }, params };
      },
    },
    inputBug('lora_A wrong by 2e-5', 'lora_A', (v) => v * (1 + 2e-5)),
    inputBug('lora_A filled by columns', 'lora_A', byColumns),
    inputBug('lora_B filled by columns', 'lora_B', byColumns),
    {
      name: 'LoRA for DoRA',
      apply: ({ magnitude: _, ...inputs }, params) => ({
        inputs,
        params: { ...params, use_dora: false },
      }),
    },
    inputBug('magnitude wrong by 2e-5', 'magnitude', (v) => v * (1 + 2e-5)),
    {
      name: 'norm of the base alone',
      apply: (inputs, params) => {
        if (!inputs.magnitude) return { inputs, params };
        const stages = stagesOf(inputs, params);
        const norms = normsOf(stages);
        const baseNorms = normsOf({ ...stages, s: 0 });
        const data = inputs.magnitude.data.map(
          (v, o) => (v * (norms[o] as number)) / (baseNorms[o] as number),
        );
        return { inputs: { ...inputs, magnitude: { ...inputs.magnitude, data } }, params };
      },
    },
    inputBug('weight wrong by 2e-5', 'weight', (v) => v * (1 + 2e-5)),
    inputBug(
      'absmax of the next block',
      'absmax',
      (_, i, { data }) => data[(i + 1) % data.length] as number,
    ),
    inputBug('nibbles swapped', 'packed', (x) => (x % 16) * 16 + Math.floor(x / 16)),
    paramsBug('codes of the other type', (params) => ({ ...params, base: otherType(params) })),
    paramsBug('blocks twice as long', (params) => ({
      ...params,
      blocksize: 2 * params.blocksize,
    })),
    inputBug('last feature dropped', 'x', (v, i, { shape }) =>
      (i + 1) % (shape.at(-1) as number) === 0 ? 0 : v,
    ),
  ],
});

function otherType({ base }: Params): string {
  const names = [...blockFormats.keys()];
  return base === 'dense' ? base : (names[(names.indexOf(base) + 1) % names.length] as string);
}

/** The element that a kernel with swapped strides would read. */
function byColumns(_: number, i: number, { shape, data }: Value): number {
  const [rows, cols] = shape as [number, number];
  return data[(i % cols) * rows + Math.floor(i / cols)] as number;
}
