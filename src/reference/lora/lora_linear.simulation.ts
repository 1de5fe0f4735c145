import { isQuantized } from '../../quant/weight.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { loraLinear as signature } from '../../vocabulary/lora/lora_linear.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import { decode, multiplyQuantized } from '../matmul/matmul_quantized.simulation.ts';
import { multiply, PRODUCT_ORDER, productOrder } from '../matmul/multiply.simulation.ts';
import { flatRows } from '../matmul/rows.ts';
import type { Value } from '../record.ts';
import { drawTensor, type Elements } from '../simulation/draw.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { type Inputs, type Params, scaleOf, weightOf } from './lora_linear/stages.ts';

/** x W^T, or x W, with a dense or a quantized weight. */
function timesWeight(
  gpu: SimulatedGpu,
  x: Value,
  inputs: Inputs,
  params: Params,
  transposed: boolean,
): Value {
  const weight = weightOf(inputs, params);
  return isQuantized(weight)
    ? multiplyQuantized(gpu, x, weight, transposed)
    : multiply(gpu, PRODUCT_ORDER, [x, weight, false, transposed]);
}

/** y + scale * p op(q) + bias, the sum over the ranks one term after another. */
function addLowRank(
  gpu: SimulatedGpu,
  y: Value,
  p: Value,
  [q, transposed]: [Value, boolean],
  scale: number,
  bias?: Float64Array,
): Value {
  const lowRank = multiply(gpu, 'chain', [p, q, false, transposed]);
  const width = y.shape[1] as number;
  const data = y.data.map((base, i) => {
    const sum = gpu.mulAdd(scale, lowRank.data[i] as number, base);
    return bias ? gpu.add(sum, bias[i % width] as number) : sum;
  });
  return { ...y, data };
}

/** Lengths of the rows of W + scale B A: the squares in four chains, which are added at the end. */
function mergedNorms(gpu: SimulatedGpu, inputs: Inputs, params: Params): Float64Array {
  const stored = weightOf(inputs, params);
  const weight = isQuantized(stored) ? decode(gpu, stored) : stored;
  const update = multiply(gpu, 'chain', [inputs.lora_B, inputs.lora_A, false, false]);
  const [rows, width] = weight.shape as [number, number];
  const scale = Math.fround(scaleOf(params));
  return Float64Array.from({ length: rows }, (_, row) => {
    const chains = [0, 0, 0, 0];
    for (let col = 0; col < width; col++) {
      const at = row * width + col;
      const merged = gpu.mulAdd(scale, update.data[at] as number, weight.data[at] as number);
      chains[col % 4] = gpu.mulAdd(merged, merged, chains[col % 4] as number);
    }
    return gpu.sqrt(chains.reduce((sum, chain) => gpu.add(sum, chain)));
  });
}

/** magnitude / norm * z + bias. */
function rescaled(
  gpu: SimulatedGpu,
  z: Value,
  magnitude: Value,
  norms: Float64Array,
  bias?: Float64Array,
): Value {
  const data = z.data.map((value, i) => {
    const o = i % norms.length;
    const gain = gpu.div(magnitude.data[o] as number, norms[o] as number);
    return bias ? gpu.mulAdd(gain, value, bias[o] as number) : gpu.mul(gain, value);
  });
  return { ...z, data };
}

/** The sum over the rows of dy z, divided by the norm. */
function magnitudeGradient(gpu: SimulatedGpu, dy: Value, z: Value, norms: Float64Array): Value {
  const sums = new Float64Array(norms.length);
  dy.data.forEach((value, i) => {
    const o = i % norms.length;
    sums[o] = gpu.mulAdd(value, z.data[i] as number, sums[o] as number);
  });
  return { shape: [norms.length], data: sums.map((sum, o) => gpu.div(sum, norms[o] as number)) };
}

function sample(
  x: Shape,
  out: number,
  r: number,
  elements: Elements,
  use_dora = false,
): SampleOf<typeof signature> {
  const features = x.at(-1) as number;
  return {
    level: 'legal',
    label: { x: formatShape(x), out, r, elements, ...(use_dora ? { use_dora } : {}) },
    params: { r, alpha: 3, use_dora },
    inputs: (random) => ({
      x: drawTensor(random, x, elements),
      weight: drawTensor(random, [out, features], elements),
      lora_A: drawTensor(random, [r, features], elements),
      lora_B: drawTensor(random, [out, r], elements),
      ...(use_dora ? { magnitude: drawTensor(random, [out], elements) } : {}),
    }),
    grads: (random) => ({ y: drawTensor(random, [...x.slice(0, -1), out], elements) }),
  };
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => {
    const { lora_A: A, lora_B: B, magnitude, bias } = inputs;
    const x = flatRows(inputs.x);
    const base = timesWeight(gpu, x, inputs, params, true);
    const xa = multiply(gpu, PRODUCT_ORDER, [x, A, false, true]);
    const z = addLowRank(
      gpu,
      base,
      xa,
      [B, true],
      Math.fround(scaleOf(params)),
      magnitude ? undefined : bias?.data,
    );
    const batch = inputs.x.shape.slice(0, -1);
    const shapes = { y: [...batch, B.shape[0] as number], xa: [...batch, A.shape[0] as number] };
    if (!magnitude) return { y: { ...z, shape: shapes.y }, xa: { ...xa, shape: shapes.xa } };
    const norms = mergedNorms(gpu, inputs, params);
    return {
      y: { ...rescaled(gpu, z, magnitude, norms, bias?.data), shape: shapes.y },
      xa: { ...xa, shape: shapes.xa },
      z: { ...z, shape: shapes.y },
      norm: { shape: [norms.length], data: norms },
    };
  },
  backward: (gpu, inputs, params, grads, variant) => {
    // Its tiles share no sums out.
    const order = variant === 'tiled' ? PRODUCT_ORDER : productOrder(variant);
    const { lora_A: A, lora_B: B, magnitude } = inputs;
    const x = flatRows(inputs.x);
    const given = flatRows(grads.y);
    const scale = Math.fround(scaleOf(params));
    const xa = multiply(gpu, order, [x, A, false, true]);
    const norms = magnitude && mergedNorms(gpu, inputs, params);
    const dy = magnitude && norms ? rescaled(gpu, given, magnitude, norms) : given;
    const z =
      norms && addLowRank(gpu, timesWeight(gpu, x, inputs, params, true), xa, [B, true], scale);
    const dxa = multiply(gpu, order, [dy, B, false, false], scale);
    return {
      lora_A: multiply(gpu, order, [dxa, x, true, false]),
      lora_B: multiply(gpu, order, [dy, xa, true, false], scale),
      x: {
        ...addLowRank(gpu, timesWeight(gpu, dy, inputs, params, false), dxa, [A, false], 1),
        shape: inputs.x.shape,
      },
      ...(norms && z ? { magnitude: magnitudeGradient(gpu, given, z, norms) } : {}),
    };
  },
  samples: [
    sample([3, 512], 17, 8, 'positive', true),
    sample([5, 256], 24, 64, 'normal'),
    sample([7, 64], 40, 8, 'positive'),
    sample([1, 4096], 3, 2, 'positive'),
  ],
});
