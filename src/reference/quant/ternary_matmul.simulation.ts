import { hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { ternaryMatmul as signature } from '../../vocabulary/quant/ternary_matmul.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import { multiply, productOrder } from '../matmul/multiply.simulation.ts';
import { flatRows } from '../matmul/rows.ts';
import type { Value } from '../record.ts';
import { drawTensor, type Elements } from '../simulation/draw.ts';
import { drawTrits } from './ternary_matmul.samples.ts';
import { scaleOf } from './ternary_matmul.ts';
import { tritAt } from './ternary_pack.ts';

/** T as a matrix [out, in], each row times `factor` of its output. */
function trits(
  { packed }: InputsOf<typeof signature, Value>,
  { out_features: out, order }: ParamsOf<typeof signature>,
  features: number,
  factor: (n: number) => number = () => 1,
): Value {
  const data = Float64Array.from(
    { length: out * features },
    (_, i) => tritAt(packed, i, order) * factor(Math.floor(i / features)),
  );
  return { shape: [out, features], data };
}

function sample(x: Shape, out_features: number, elements: Elements): SampleOf<typeof signature> {
  const bytes = ((x.at(-1) as number) * out_features) / 4;
  return {
    level: 'legal',
    // Every order of sums: `subgroup` has that of `register`.
    variants: ['register', 'tiled', 'skip-zeros'],
    label: { x: formatShape(x), out: out_features, elements },
    params: { out_features },
    inputs: (random) => ({
      x: drawTensor(random, x, elements),
      // Bytes 0xaa are four trits of 1, so that sums of positive numbers only grow.
      packed: hostTensorFrom(
        'u8',
        [bytes],
        random.fill(bytes, () => (elements === 'positive' ? 0xaa : drawTrits(random))),
      ),
      scale: drawTensor(random, [out_features], 'positive'),
    }),
    grads: (random) => ({ y: drawTensor(random, [...x.slice(0, -1), out_features], elements) }),
  };
}

/**
 * The scale is part of T, whose products with a trit are exact; where zeros are skipped it follows
 * the sum forward, whose terms are exact.
 */
export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params, variant) => {
    const { out_features } = params;
    const { x } = inputs;
    const rows = flatRows(x);
    const skips = variant === 'skip-zeros';
    const scale = (n: number) => scaleOf(inputs, n);
    const weight = trits(inputs, params, rows.shape[1] as number, skips ? undefined : scale);
    const order = skips ? 'chain' : productOrder(variant);
    const sums = multiply(gpu, order, [rows, weight, false, true]);
    const data = skips
      ? sums.data.map((sum, i) => gpu.mul(sum, scale(i % out_features)))
      : sums.data;
    return { y: { shape: [...x.shape.slice(0, -1), out_features], data } };
  },
  backward: (gpu, inputs, params, grads, variant) => {
    const { x } = inputs;
    const scaled = trits(inputs, params, x.shape.at(-1) as number, (n) => scaleOf(inputs, n));
    const operands = [flatRows(grads.y), scaled, false, false] as const;
    const dx = multiply(gpu, productOrder(variant), operands);
    return { x: { shape: x.shape, data: dx.data } };
  },
  samples: [sample([5, 1024], 64, 'positive'), sample([2, 4096], 4, 'normal')],
});
