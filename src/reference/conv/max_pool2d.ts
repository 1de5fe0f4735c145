import { maxPool2d as signature } from '../../vocabulary/conv/max_pool2d.ts';
import type { Pooling } from '../../vocabulary/conv/pooling.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { FLUSH, gamma, sumLevels } from '../bounds.ts';
import { defineRecord, defineSimulation } from '../define.ts';
import type { Foreseen, Range, Steps } from '../foreseen.ts';
import { paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import { POOLING_MISTAKES, pooled, poolSample } from './pooling.ts';

type Inputs = InputsOf<typeof signature, Value>;

const SMALLEST = -(2 - 2 ** -23) * 2 ** 127;

/**
 * The first largest element of every window: its value, and its index in its image of x (-1 where
 * the window meets nothing).
 */
function maxima(x: Value, params: Pooling) {
  const { shape, elements } = pooled(x.shape, params);
  const width = x.shape.at(-1) as number;
  const values: number[] = [];
  const indices: number[] = [];
  for (const { start, cells } of elements) {
    let largest = SMALLEST;
    let found = -1;
    for (const { row, col, inside } of cells) {
      const at = row * width + col;
      const value = x.data[start + at] as number;
      if (inside && (found < 0 || value > largest)) [largest, found] = [value, at];
    }
    values.push(largest);
    indices.push(found);
  }
  return { shape, values, indices, starts: elements.map(({ start }) => start) };
}

function forward({ x }: Inputs, params: Pooling) {
  const { shape, values, indices } = maxima(x, params);
  return {
    y: { shape, data: Float64Array.from(values) },
    indices: { shape, data: Float64Array.from(indices) },
  };
}

/** Adds the gradient of every window to its maximum, in ascending order of windows. */
function scattered(
  { x }: Inputs,
  params: Pooling,
  dy: ArrayLike<number>,
  add: (sum: number, x: number) => number,
): Value {
  const data = new Float64Array(x.data.length);
  const { indices, starts } = maxima(x, params);
  indices.forEach((index, i) => {
    const at = (starts[i] as number) + index;
    if (index >= 0) data[at] = add(data[at] as number, dy[i] as number);
  });
  return { shape: x.shape, data };
}

/** As torch adds them on processors: to what is stored of the gradient, window by window. */
function storedGradients(
  { stored, exactly, add }: Steps,
  { x }: Inputs,
  params: Pooling,
  dy: Value,
): Foreseen {
  const found = Array.from(x.data, () => exactly(0));
  const { indices, starts } = maxima(x, params);
  indices.forEach((index, i) => {
    const at = (starts[i] as number) + index;
    if (index >= 0) found[at] = stored(add(found[at] as Range, exactly(dy.data[i] as number)));
  });
  return found;
}

const plus = (a: number, b: number): number => a + b;

/** torch.nn.functional.max_pool2d. */
export const record = defineRecord(signature, {
  summary: 'y = the largest element under a window that slides over each image',
  forward,
  acceptance: () => ({ y: { kind: 'exact' }, indices: { kind: 'exact' } }),
  foreseen: (steps, inputs, params, grads) =>
    grads ? { x: [storedGradients(steps, inputs, params, grads.y)] } : {},
  vjp: (inputs, params, grads) => ({
    x: scattered(inputs, params, grads.y.data, plus),
  }),
  vjpAcceptance: (inputs, _gradients, params, grads, { depth }) => {
    const dy = grads.y.data;
    const sizes = scattered(inputs, params, dy.map(Math.abs), plus).data;
    const counts = scattered(
      inputs,
      params,
      dy.map(() => 1),
      plus,
    ).data;
    const bound = sizes.map((size, i) => {
      const windows = counts[i] as number;
      return gamma(sumLevels(windows, depth)) * size + windows * FLUSH;
    });
    return { x: { kind: 'within', bound } };
  },
  samples: [
    poolSample('exact', [1, 1, 1, 1], { kernel: [1, 1] }),
    poolSample('exact', [2, 3, 7, 9], { kernel: [3, 2], stride: [2, 1], padding: [1, 0, 0, 1] }),
    poolSample('exact', [1, 2, 8, 8], {
      kernel: [3, 2],
      ceil_mode: true,
      stride: [3, 3],
      padding: [0, 1, 0, 0],
    }),
    poolSample('exact', [3, 2, 9, 7], {
      kernel: [3, 2],
      stride: [1, 2],
      dilation: [2, 3],
      padding: [1, 2, 1, 0],
    }),
    poolSample('exact', [1, 2, 8, 8], { kernel: [1, 1] }),
    // An image without a batch.
    poolSample('exact', [3, 7, 5], { kernel: [3, 2], stride: [2, 1], padding: [1, 0, 0, 1] }),
    // One window an image: a walk too far sees the window of the next.
    poolSample('exact', [4, 5, 2, 2], { kernel: [2, 2] }),
    // Windows in the padding meet nothing.
    poolSample('exact', [2, 1, 3, 4], { kernel: [1, 2], padding: [1, 1, 0, 2] }),
    poolSample('legal', [2, 3, 8, 7], { kernel: [3, 3], stride: [1, 1], padding: [1, 1, 1, 1] }),
    poolSample('legal', [1, 5, 12, 11], { kernel: [2, 3] }),
  ],
  faults: [
    {
      name: 'one more than the largest',
      shader: {
        file: 'conv/max_pool2d',
        from: 'largest = x[start + at];',
        to: 'largest = 1.0 + x[start + at];',
      },
    },
    {
      name: 'gradient of every window',
      direction: 'backward',
      shader: {
        file: 'conv/max_pool2d_backward',
        from: 'sum += dy[at];',
        to: 'sum += 1.0 + dy[at];',
      },
    },
  ],
  plausibleBugs: [
    ...POOLING_MISTAKES,
    paramsBug('sizes rounded the other way', (params) => ({
      ...params,
      ceil_mode: !params.ceil_mode,
    })),
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (_gpu, inputs, params) => forward(inputs, params),
  backward: (gpu, inputs, params, grads) => ({
    x: scattered(inputs, params, grads.y.data, (a, b) => gpu.add(a, b)),
  }),
});
