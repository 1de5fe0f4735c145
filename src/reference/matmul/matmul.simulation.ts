import { formatShape, type Shape } from '../../tensor/shape.ts';
import { matmul as signature } from '../../vocabulary/matmul/matmul.ts';
import { broadcastIndex } from '../broadcast.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import type { Value } from '../record.ts';
import { drawTensor, type Elements } from '../simulation/draw.ts';
import { factorsOf, gradientProducts, operandsOf, squeezed } from './matmul.ts';
import { multiply, productOrder, sumToSize } from './multiply.simulation.ts';
import { asColumn, asRow } from './product.ts';
import { flatRows } from './rows.ts';

function sample(
  a: Shape,
  b: Shape,
  elements: Elements,
  factors: { readonly alpha?: number; readonly beta?: number } = {},
): SampleOf<typeof signature> {
  return {
    level: 'legal',
    label: { a: formatShape(a), b: formatShape(b), elements, ...factors },
    params: { transpose_b: true, ...factors },
    inputs: (random) => ({
      a: drawTensor(random, a, elements),
      b: drawTensor(random, b, elements),
    }),
  };
}

/** Gradients that only add up: that of the bias sums all rows. */
function gradientSample(
  [rows, terms, cols]: readonly [number, number, number],
  factors?: Parameters<typeof sample>[3],
): SampleOf<typeof signature> {
  const forward = sample([rows, terms], [cols, terms], 'positive', factors);
  return {
    ...forward,
    label: { ...forward.label, gradient: true },
    inputs: (random) => ({ ...forward.inputs(random), bias: drawTensor(random, [cols]) }),
    grads: (random) => ({ y: drawTensor(random, [rows, cols], 'positive') }),
  };
}

/**
 * Alpha and the bias follow the sum. Batches of one matrix b
 * are one product.
 */
export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params, variant) => {
    const operands = operandsOf(inputs, params);
    const { a, b, ta, tb } = operands;
    const { alpha, beta } = factorsOf(params);
    const full = multiply(gpu, productOrder(variant), [a, b, ta, tb], alpha);
    const shape = squeezed(full.shape, operands);
    const { bias } = inputs;
    const data =
      bias && beta !== 0
        ? full.data.map((y, i) =>
            gpu.mulAdd(beta, bias.data[broadcastIndex(i, shape, bias.shape)] as number, y),
          )
        : full.data;
    return { y: { shape, data } };
  },
  backward: (gpu, inputs, params, grads, variant) => {
    const { y: dy } = grads;
    const a = asRow(inputs.a);
    const b = asColumn(inputs.b);
    const { ta } = operandsOf(inputs, params);
    const parts = gradientProducts(inputs, params, dy);
    if (b.shape.length === 2 && !ta && a.shape.length > 2)
      parts.b = [flatRows(parts.b[0]), flatRows(parts.b[1]), parts.b[2], parts.b[3]];
    const { bias } = inputs;
    const { alpha, beta } = factorsOf(params);
    const productOf = (of: typeof parts.a) => multiply(gpu, productOrder(variant), of, alpha);
    const times = (value: Value, by: number): Value => ({
      ...value,
      data: value.data.map((x) => gpu.mul(by, x)),
    });
    return {
      a: { ...sumToSize(gpu, productOf(parts.a), a.shape), shape: inputs.a.shape },
      b: { ...sumToSize(gpu, productOf(parts.b), b.shape), shape: inputs.b.shape },
      ...(bias ? { bias: times(sumToSize(gpu, dy, bias.shape), beta) } : {}),
    };
  },
  samples: [
    sample([37, 64], [41, 64], 'normal'),
    sample([13, 512], [11, 512], 'positive'),
    sample([5, 4096], [3, 4096], 'positive'),
    gradientSample([256, 3, 5]),
    gradientSample([33, 40, 7], { alpha: 0.3, beta: -0.7 }),
  ],
});
