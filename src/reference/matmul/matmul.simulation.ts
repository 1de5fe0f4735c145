import { formatShape, type Shape } from '../../tensor/shape.ts';
import { matmul as signature } from '../../vocabulary/matmul/matmul.ts';
import { broadcastIndex } from '../broadcast.ts';
import { defineSimulation, type SampleOf } from '../define.ts';
import { drawTensor, type Elements } from '../simulation/draw.ts';
import { gradientProducts, operandsOf, squeezed } from './matmul.ts';
import { multiply, productOrder, sumToSize } from './multiply.simulation.ts';
import { asColumn, asRow } from './product.ts';
import { flatRows } from './rows.ts';

function sample(a: Shape, b: Shape, elements: Elements): SampleOf<typeof signature> {
  return {
    level: 'legal',
    label: { a: formatShape(a), b: formatShape(b), elements },
    params: { transpose_b: true },
    inputs: (random) => ({
      a: drawTensor(random, a, elements),
      b: drawTensor(random, b, elements),
    }),
  };
}

/** Gradients that only add up: that of the bias sums all rows. */
function gradientSample(rows: number, terms: number, cols: number): SampleOf<typeof signature> {
  const forward = sample([rows, terms], [cols, terms], 'positive');
  return {
    ...forward,
    label: { ...forward.label, gradient: true },
    inputs: (random) => ({ ...forward.inputs(random), bias: drawTensor(random, [cols]) }),
    grads: (random) => ({ y: drawTensor(random, [rows, cols], 'positive') }),
  };
}

/**
 * Every variant keeps a sum in one invocation; bias and scale follow it. Batches of one matrix b
 * are one product.
 */
export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params, variant) => {
    const operands = operandsOf(inputs, params);
    const { a, b, ta, tb } = operands;
    const full = multiply(gpu, productOrder(variant), [a, b, ta, tb]);
    const shape = squeezed(full.shape, operands);
    const { bias } = inputs;
    const data = bias
      ? full.data.map((y, i) =>
          gpu.add(y, bias.data[broadcastIndex(i, shape, bias.shape)] as number),
        )
      : full.data;
    return { y: { shape, data } };
  },
  backward: (gpu, inputs, params, grads, variant) => {
    const order = productOrder(variant);
    const { y: dy } = grads;
    const a = asRow(inputs.a);
    const b = asColumn(inputs.b);
    const { ta } = operandsOf(inputs, params);
    const parts = gradientProducts(inputs, params, dy);
    if (b.shape.length === 2 && !ta && a.shape.length > 2)
      parts.b = [flatRows(parts.b[0]), flatRows(parts.b[1]), parts.b[2], parts.b[3]];
    const { bias } = inputs;
    return {
      a: { ...sumToSize(gpu, multiply(gpu, order, parts.a), a.shape), shape: inputs.a.shape },
      b: { ...sumToSize(gpu, multiply(gpu, order, parts.b), b.shape), shape: inputs.b.shape },
      ...(bias ? { bias: sumToSize(gpu, dy, bias.shape) } : {}),
    };
  },
  samples: [
    sample([37, 64], [41, 64], 'normal'),
    sample([13, 512], [11, 512], 'positive'),
    sample([5, 4096], [3, 4096], 'positive'),
    gradientSample(256, 3, 5),
  ],
});
