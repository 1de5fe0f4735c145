import { formatShape, type Shape } from '../../../tensor/shape.ts';
import type { LoraLinearParams } from '../../lora/lora_linear/samples.ts';
import { scaleOf } from '../../lora/lora_linear.ts';
import { flatRows } from '../../lora/rows.ts';
import type { Sample, Value, Values } from '../../record.ts';
import { drawTensor, type Elements } from '../draw.ts';
import { multiply4bit } from '../matmul/matmul_4bit.ts';
import { multiply, productOrder } from '../matmul/multiply.ts';
import type { SimulatedGpu } from '../simulated-gpu.ts';
import type { Simulation } from '../simulation.ts';

/** x W^T, or x W, with a dense or a 4-bit weight. */
function timesWeight(gpu: SimulatedGpu, x: Value, inputs: Values, params: LoraLinearParams, transposed: boolean, variant: string): Value {
  const { base = 'dense', blocksize = 64 } = params;
  if (base === 'dense') return multiply(gpu, productOrder(variant), [x, inputs['weight'] as Value, false, transposed]);
  const [out_features, in_features] = [inputs['lora_B']?.shape[0] as number, inputs['lora_A']?.shape[1] as number];
  return multiply4bit(gpu, x, inputs, { quant_type: base, blocksize, out_features, in_features, transpose_weight: transposed }, variant);
}

/** y + scale * p op(q) + bias, the sum over the ranks one term after another. */
function addLowRank(gpu: SimulatedGpu, y: Value, p: Value, [q, transposed]: [Value, boolean], scale: number, bias?: Float64Array): Value {
  const lowRank = multiply(gpu, 'chain', [p, q, false, transposed]);
  const width = y.shape[1] as number;
  const data = y.data.map((base, i) => {
    const sum = gpu.mulAdd(scale, lowRank.data[i] as number, base);
    return bias ? gpu.add(sum, bias[i % width] as number) : sum;
  });
  return { ...y, data };
}

function sample(x: Shape, out: number, r: number, elements: Elements): Sample<LoraLinearParams> {
  const features = x.at(-1) as number;
  return {
    layer: 'legal',
    label: { x: formatShape(x), out, r, elements },
    params: { r, alpha: 3 },
    inputs: (random) => ({
      x: drawTensor(random, x, elements),
      weight: drawTensor(random, [out, features], elements),
      lora_A: drawTensor(random, [r, features], elements),
      lora_B: drawTensor(random, [out, r], elements),
    }),
    grads: (random) => ({ y: drawTensor(random, [...x.slice(0, -1), out], elements) }),
  };
}

export const simulation: Simulation<LoraLinearParams> = {
  op: 'lora_linear',
  forward: (gpu, inputs, params, variant) => {
    const shaped = inputs['x'] as Value;
    const [x, A, B] = [flatRows(shaped), inputs['lora_A'] as Value, inputs['lora_B'] as Value];
    const base = timesWeight(gpu, x, inputs, params, true, variant);
    const xa = multiply(gpu, productOrder(variant), [x, A, false, true]);
    const y = addLowRank(gpu, base, xa, [B, true], Math.fround(scaleOf(params)), inputs['bias']?.data);
    const batch = shaped.shape.slice(0, -1);
    return { y: { ...y, shape: [...batch, B.shape[0] as number] }, xa: { ...xa, shape: [...batch, A.shape[0] as number] } };
  },
  backward: (gpu, inputs, params, grads, variant) => {
    const order = productOrder(variant);
    const [x, A, B] = [flatRows(inputs['x'] as Value), inputs['lora_A'] as Value, inputs['lora_B'] as Value];
    const [dy, scale] = [flatRows(grads['y'] as Value), Math.fround(scaleOf(params))];
    const xa = multiply(gpu, order, [x, A, false, true]);
    const dxa = multiply(gpu, order, [dy, B, false, false], scale);
    return {
      lora_A: multiply(gpu, order, [dxa, x, true, false]),
      lora_B: multiply(gpu, order, [dy, xa, true, false], scale),
      x: {
        ...addLowRank(gpu, timesWeight(gpu, dy, inputs, params, false, variant), dxa, [A, false], 1),
        shape: (inputs['x'] as Value).shape,
      },
    };
  },
  samples: [sample([5, 256], 24, 64, 'normal'), sample([7, 64], 40, 8, 'positive'), sample([1, 4096], 3, 2, 'positive')],
};
