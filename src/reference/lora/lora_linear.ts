import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { decodeWeight } from '../matmul/matmul_4bit.ts';
import { absoluteProduct, product, stageError } from '../matmul/product.ts';
import type { Acceptance, Depth, OpRecord, RecordFault, Value, Values } from '../record.ts';
import { type LoraLinearParams, samples } from './lora_linear/samples.ts';
import { flatRows } from './rows.ts';

/** alpha / r, or alpha / sqrt(r) with rsLoRA (Kalajdzievski 2023). */
export function scaleOf({ r, alpha, use_rslora = false }: LoraLinearParams): number {
  return alpha / (use_rslora ? Math.sqrt(r) : r);
}

/** Operands as matrices, with the weight decoded and the products that several results share. */
function stagesOf(inputs: Values, params: LoraLinearParams) {
  const [x, A, B] = [flatRows(inputs['x'] as Value), inputs['lora_A'] as Value, inputs['lora_B'] as Value];
  const shape = [B.shape[0] as number, A.shape[1] as number];
  const { base = 'dense', blocksize = 64 } = params;
  const W =
    base === 'dense'
      ? (inputs['weight'] as Value)
      : decodeWeight(inputs['packed'] as Value, inputs['absmax'] as Value, { quant_type: base, blocksize, shape });
  const xa = product(x, A, false, true);
  return { x, A, B, W, xa, s: scaleOf(params), decoded: base === 'dense' ? 0 : 1 };
}

const leading = (value: Value) => value.shape.slice(0, -1);

function scaled(value: Value, factor: number): Value {
  return { ...value, data: value.data.map((v) => v * factor) };
}

function plus(a: Value, b: Value): Value {
  return { ...a, data: a.data.map((v, i) => v + (b.data[i] as number)) };
}

function forward(inputs: Values, params: LoraLinearParams): Values {
  const { x, B, W, xa, s, A } = stagesOf(inputs, params);
  const bias = inputs['bias']?.data;
  const y = plus(product(x, W, false, true), scaled(product(xa, B, false, true), s));
  const batch = leading(inputs['x'] as Value);
  const out = W.shape[0] as number;
  return {
    y: { shape: [...batch, out], data: y.data.map((v, i) => v + (bias?.[i % out] ?? 0)) },
    xa: { shape: [...batch, A.shape[0] as number], data: xa.data },
  };
}

/** dxa = s dy B, dA = dxa^T x, dB = s dy^T xa, dx = dy W + dxa A. */
function vjp(inputs: Values, params: LoraLinearParams, grads: Values): Values {
  const { x, A, B, W, xa, s } = stagesOf(inputs, params);
  const dy = flatRows(grads['y'] as Value);
  const dxa = scaled(product(dy, B, false, false), s);
  return {
    lora_A: product(dxa, x, true, false),
    lora_B: scaled(product(dy, xa, true, false), s),
    x: { ...plus(product(dy, W, false, false), product(dxa, A, false, false)), shape: (inputs['x'] as Value).shape },
  };
}

/** Each stage carried through the next. The scale is rounded to float32 and multiplied in: two more operations where it applies. */
function acceptance(inputs: Values, params: LoraLinearParams, depth: Depth): Record<string, Acceptance> {
  const { x, A, B, W, xa, s, decoded } = stagesOf(inputs, params);
  const [features, r] = [A.shape[1] as number, A.shape[0] as number];
  const errorOfXa = stageError(x, undefined, A, false, true, depth(features));
  const base = stageError(x, undefined, W, false, true, depth(features) + decoded);
  const update = scaled(stageError(xa, errorOfXa, B, false, true, depth(r) + 2), Math.abs(s));
  const size = plus(absoluteProduct(x, W, false, true), scaled(absoluteProduct(xa, B, false, true), Math.abs(s)));
  const bias = inputs['bias']?.data;
  const out = W.shape[0] as number;
  const sums = size.data.map((v, i) => 2 * EPS * (v + Math.abs(bias?.[i % out] ?? 0)) + 2 * FLUSH);
  return { y: bounded(plus(plus(base, update), { ...size, data: sums })), xa: bounded(errorOfXa) };
}

function vjpAcceptance(inputs: Values, params: LoraLinearParams, grads: Values, depth: Depth): Record<string, Acceptance> {
  const { x, A, B, W, xa, s, decoded } = stagesOf(inputs, params);
  const dy = flatRows(grads['y'] as Value);
  const [out, features, r, rows] = [W.shape[0], W.shape[1], A.shape[0], x.shape[0]] as [number, number, number, number];
  const factor = Math.abs(s);
  const dxa = scaled(product(dy, B, false, false), s);
  const errorOfDxa = scaled(stageError(dy, undefined, B, false, false, depth(out) + 2), factor);
  const errorOfXa = stageError(x, undefined, A, false, true, depth(features));
  // stageError carries the error of its left operand, so dB is bounded as the transpose of xa^T dy.
  const dB = scaled(stageError(xa, errorOfXa, dy, true, false, depth(rows) + 2), factor);
  const base = stageError(dy, undefined, W, false, false, depth(out) + decoded);
  const update = stageError(dxa, errorOfDxa, A, false, false, depth(r) + 1);
  const size = plus(absoluteProduct(dy, W, false, false), absoluteProduct(dxa, A, false, false));
  return {
    lora_A: bounded(stageError(dxa, errorOfDxa, x, true, false, depth(rows))),
    lora_B: bounded({ shape: [out, r], data: dB.data.map((_, i) => dB.data[(i % r) * out + Math.floor(i / r)] as number) }),
    x: bounded(plus(plus(base, update), { ...size, data: size.data.map((v) => EPS * v + FLUSH) })),
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
  summary: 'y = x W^T + s (x A^T) B^T + bias, W frozen',
  inputs: {
    x: { dtypes: ['f32'], differentiable: true },
    weight: { dtypes: ['f32'], optional: true },
    packed: { dtypes: ['u8'], optional: true },
    absmax: { dtypes: ['f32'], optional: true },
    bias: { dtypes: ['f32'], optional: true },
    lora_A: { dtypes: ['f32'], differentiable: true },
    lora_B: { dtypes: ['f32'], differentiable: true },
  },
  outputs: { y: { dtypes: ['f32'] }, xa: { dtypes: ['f32'], optional: true } },
  forward,
  acceptance: (inputs, _outputs, params, { depth }) => acceptance(inputs, params, depth),
  vjp,
  vjpAcceptance: (inputs, _gradients, params, grads, { depth }) => vjpAcceptance(inputs, params, grads, depth),
  samples,
  faults: FAULTS,
  wrongValues: [
    {
      name: 'scale alpha in place of alpha / r',
      apply: (inputs, params) => ({ inputs, params: { ...params, alpha: params.alpha * params.r } }),
    },
    { name: 'scale of the other LoRA', apply: (inputs, params) => ({ inputs, params: { ...params, use_rslora: !params.use_rslora } }) },
    { name: 'scale of one rank more', apply: (inputs, params) => ({ inputs, params: { ...params, r: params.r + 1 } }) },
    { name: 'scale wrong by 2e-5', apply: (inputs, params) => ({ inputs, params: { ...params, alpha: params.alpha * (1 + 2e-5) } }) },
    { name: 'bias dropped', apply: (inputs, params) => ({ inputs: changed(inputs, 'bias', () => 0), params }) },
    {
      name: 'last rank dropped',
      apply: (inputs, params) => ({ inputs: changed(inputs, 'lora_B', (v, i) => (i % params.r === params.r - 1 ? 0 : v)), params }),
    },
    { name: 'lora_A wrong by 2e-5', apply: (inputs, params) => ({ inputs: changed(inputs, 'lora_A', (v) => v * (1 + 2e-5)), params }) },
    { name: 'lora_A filled by columns', apply: (inputs, params) => ({ inputs: changed(inputs, 'lora_A', byColumns), params }) },
    { name: 'lora_B filled by columns', apply: (inputs, params) => ({ inputs: changed(inputs, 'lora_B', byColumns), params }) },
    { name: 'weight wrong by 2e-5', apply: (inputs, params) => ({ inputs: changed(inputs, 'weight', (v) => v * (1 + 2e-5)), params }) },
    {
      name: 'absmax of the next block',
      apply: (inputs, params) => ({ inputs: changed(inputs, 'absmax', (_, i, { data }) => data[(i + 1) % data.length] as number), params }),
    },
    {
      name: 'nibbles swapped',
      apply: (inputs, params) => ({ inputs: changed(inputs, 'packed', (x) => (x % 16) * 16 + Math.floor(x / 16)), params }),
    },
    { name: 'codes of the other type', apply: (inputs, params) => ({ inputs, params: { ...params, base: otherType(params) } }) },
    {
      name: 'blocks twice as long',
      apply: (inputs, params) => ({ inputs, params: { ...params, blocksize: 2 * (params.blocksize ?? 64) } }),
    },
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
