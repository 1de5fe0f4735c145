import { formatShape, type Shape } from '../../../tensor/shape.ts';
import { broadcastIndex } from '../../broadcast.ts';
import { gradientProducts, type MatmulParams, operandsOf, squeezed } from '../../matmul/matmul.ts';
import { asColumn, asRow } from '../../matmul/product.ts';
import type { Sample, Value } from '../../record.ts';
import { drawTensor, type Elements } from '../draw.ts';
import type { Simulation } from '../simulation.ts';
import { multiply, productOrder, sumToSize } from './multiply.ts';

function sample(a: Shape, b: Shape, elements: Elements): Sample<MatmulParams> {
  return {
    layer: 'legal',
    label: { a: formatShape(a), b: formatShape(b), elements },
    params: { transpose_b: true },
    inputs: (random) => ({ a: drawTensor(random, a, elements), b: drawTensor(random, b, elements) }),
  };
}

/** Gradients that only add up: that of the bias sums all rows. */
function gradientSample(rows: number, terms: number, cols: number): Sample<MatmulParams> {
  const forward = sample([rows, terms], [cols, terms], 'positive');
  return {
    ...forward,
    label: { ...forward.label, gradient: true },
    inputs: (random) => ({ ...forward.inputs(random), bias: drawTensor(random, [cols]) }),
    grads: (random) => ({ y: drawTensor(random, [rows, cols], 'positive') }),
  };
}

/** All rows of `value` as one matrix. */
function stacked(value: Value): Value {
  const last = value.shape.at(-1) as number;
  return { ...value, shape: [value.data.length / last, last] };
}

/** Every variant keeps a sum in one invocation; bias and scale follow it. Batches of one matrix b are one product. */
export const simulation: Simulation<MatmulParams> = {
  op: 'matmul',
  forward: (gpu, inputs, params, variant) => {
    const operands = operandsOf(inputs, params);
    const { a, b, ta, tb } = operands;
    const full = multiply(gpu, productOrder(variant), [a, b, ta, tb]);
    const shape = squeezed(full.shape, operands);
    const { bias } = inputs;
    const data = bias ? full.data.map((y, i) => gpu.add(y, bias.data[broadcastIndex(i, shape, bias.shape)] as number)) : full.data;
    return { y: { shape, data } };
  },
  backward: (gpu, inputs, params, grads, variant) => {
    const order = productOrder(variant);
    const dy = grads['y'] as Value;
    const [a, b] = [asRow(inputs['a'] as Value), asColumn(inputs['b'] as Value)];
    const { ta } = operandsOf(inputs, params);
    const parts = gradientProducts(inputs, params, dy);
    if (b.shape.length === 2 && !ta && a.shape.length > 2) parts.b = [stacked(parts.b[0]), stacked(parts.b[1]), parts.b[2], parts.b[3]];
    const { bias } = inputs;
    return {
      a: sumToSize(gpu, multiply(gpu, order, parts.a), a.shape),
      b: sumToSize(gpu, multiply(gpu, order, parts.b), b.shape),
      ...(bias ? { bias: sumToSize(gpu, dy, bias.shape) } : {}),
    };
  },
  samples: [
    sample([37, 64], [41, 64], 'normal'),
    sample([13, 512], [11, 512], 'positive'),
    sample([5, 4096], [3, 4096], 'positive'),
    gradientSample(256, 3, 5),
  ],
};
