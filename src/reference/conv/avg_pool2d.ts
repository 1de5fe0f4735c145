import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { avgPool2d as signature } from '../../vocabulary/conv/avg_pool2d.ts';
import { globalAvgPool2d as globalSignature } from '../../vocabulary/conv/global_avg_pool2d.ts';
import type { Pooling } from '../../vocabulary/conv/pooling.ts';
import { completed } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, SECOND_ORDER, sumLevels } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Depth, Arithmetic as KernelArithmetic, RecordFault, Value } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { POOLING_MISTAKES, pooled, poolSample } from './pooling.ts';
import type { Cell } from './window.ts';

/** Indices in x of the elements under a window, and how many cells of it the mean is over. */
interface Averaged {
  readonly own: readonly number[];
  readonly count: number;
}

/** Whether a cell counts: those in x do, those in the padding may, those past it never do. */
function counts(
  { row, col, inside }: Cell,
  [height, width]: readonly number[],
  { padding, count_include_pad }: Pooling,
): boolean {
  if (!count_include_pad) return inside;
  return row < (height as number) + padding[2] && col < (width as number) + padding[3];
}

function windowsOf(
  x: Value,
  params: Pooling,
): { readonly shape: readonly number[]; readonly windows: readonly Averaged[] } {
  const size = x.shape.slice(-2);
  const { shape, elements } = pooled(x.shape, params);
  const windows = elements.map(({ start, cells }) => ({
    own: cells
      .filter(({ inside }) => inside)
      .map(({ row, col }) => start + row * (size[1] as number) + col),
    count: cells.filter((cell) => counts(cell, size, params)).length,
  }));
  return { shape, windows };
}

/** The window over all of x. */
export function windowOverAll({ shape }: Value): Pooling {
  const [height, width] = shape.slice(-2) as [number, number];
  return completed(signature, { kernel: [height, width] });
}

interface Arithmetic {
  readonly add: (a: number, b: number) => number;
  readonly div: (a: number, b: number) => number;
}
const REAL: Arithmetic = { add: (a, b) => a + b, div: (a, b) => a / b };

function means(x: Value, params: Pooling, { add, div }: Arithmetic = REAL): Value {
  const { shape, windows } = windowsOf(x, params);
  const data = windows.map(({ own, count }) =>
    div(
      own.reduce((sum, at) => add(sum, x.data[at] as number), 0),
      count,
    ),
  );
  return { shape, data: Float64Array.from(data) };
}

/** Adds the share of every window to its elements, in ascending order of windows. */
function shares(x: Value, params: Pooling, dy: Value, { add, div }: Arithmetic = REAL): Value {
  const data = new Float64Array(x.data.length);
  windowsOf(x, params).windows.forEach(({ own, count }, i) => {
    const share = div(dy.data[i] as number, count);
    for (const at of own) data[at] = add(data[at] as number, share);
  });
  return { shape: x.shape, data };
}

const absolute = (value: Value): Value => ({ ...value, data: value.data.map(Math.abs) });

/** A sum of so many terms without products and a quotient of 2.5 ULP, or quotients and their sum. */
function boundOf(
  sizes: Value,
  terms: readonly number[],
  depth: Depth,
): { readonly kind: 'within'; readonly bound: Float64Array } {
  const bound = sizes.data.map((size, i) => {
    const count = terms[i] as number;
    const relative = (gamma(sumLevels(count, depth)) + 2.5 * EPS) * SECOND_ORDER;
    return relative * size + 2 * count * FLUSH;
  });
  return { kind: 'within', bound };
}

/** How many windows each element of x is in. */
function windowsOver(x: Value, params: Pooling): number[] {
  const found = Array.from(x.data, () => 0);
  for (const { own } of windowsOf(x, params).windows) {
    for (const at of own) found[at] = (found[at] as number) + 1;
  }
  return found;
}

const FAULTS: readonly RecordFault[] = [
  {
    name: 'one cell too many',
    shader: { file: 'conv/avg_pool2d', from: 'f32(rows * cols)', to: 'f32(rows * cols + 1u)' },
  },
  {
    name: 'one cell too many on the way back',
    direction: 'backward',
    shader: {
      file: 'conv/avg_pool2d_backward',
      from: 'f32(in_rows * in_cols)',
      to: 'f32(in_rows * in_cols + 1u)',
    },
  },
];

/** What the record of a mean has in common, by the settings of its window. */
function averaged<Params>(settingsOf: (x: Value, params: Params) => Pooling) {
  type Inputs = { readonly x: Value };
  type GradOutputs = { readonly y: Value };
  return {
    forward: ({ x }: Inputs, params: Params) => ({ y: means(x, settingsOf(x, params)) }),
    acceptance: ({ x }: Inputs, _outputs: unknown, params: Params, { depth }: KernelArithmetic) => {
      const settings = settingsOf(x, params);
      const terms = windowsOf(x, settings).windows.map(({ own }) => own.length);
      return { y: boundOf(means(absolute(x), settings), terms, depth) };
    },
    vjp: ({ x }: Inputs, params: Params, { y }: GradOutputs) => ({
      x: shares(x, settingsOf(x, params), y),
    }),
    vjpAcceptance: (
      { x }: Inputs,
      _gradients: unknown,
      params: Params,
      { y }: GradOutputs,
      { depth }: KernelArithmetic,
    ) => {
      const settings = settingsOf(x, params);
      const terms = windowsOver(x, settings);
      return { x: boundOf(shares(x, settings, absolute(y)), terms, depth) };
    },
    faults: FAULTS,
  };
}

const average = defineRecord(signature, {
  summary: 'y = the mean under a window that slides over each image',
  ...averaged((_, params: Pooling) => params),
  samples: [
    poolSample('legal', [1, 1, 1, 1], { kernel: [1, 1] }),
    poolSample('legal', [2, 3, 7, 9], { kernel: [3, 2], stride: [2, 1], padding: [1, 0, 0, 1] }),
    poolSample('legal', [2, 3, 7, 9], {
      kernel: [3, 2],
      stride: [2, 1],
      padding: [1, 0, 0, 1],
      count_include_pad: false,
    }),
    poolSample('legal', [1, 2, 8, 8], {
      kernel: [3, 2],
      ceil_mode: true,
      stride: [3, 3],
      padding: [0, 1, 0, 0],
    }),
    poolSample('legal', [3, 2, 9, 7], {
      kernel: [3, 2],
      stride: [1, 2],
      dilation: [2, 3],
      padding: [1, 3, 1, 0],
      count_include_pad: false,
    }),
    poolSample('legal', [1, 2, 8, 8], { kernel: [1, 1] }),
    // An image without a batch.
    poolSample('legal', [3, 7, 5], { kernel: [3, 2], stride: [2, 1], padding: [1, 0, 0, 1] }),
  ],
  plausibleBugs: [
    ...POOLING_MISTAKES,
    paramsBug('sizes rounded the other way', (params) => ({
      ...params,
      ceil_mode: !params.ceil_mode,
    })),
    paramsBug('padding counted the other way', (params) => ({
      ...params,
      count_include_pad: !params.count_include_pad,
    })),
  ],
});

function globalSample(x: Shape): SampleOf<typeof globalSignature> {
  const [height, width] = x.slice(-2) as [number, number];
  const { label, inputs, grads } = poolSample('legal', x, { kernel: [height, width] });
  return {
    level: 'legal',
    label: { x: formatShape(x), windows: label['kernel'] as string },
    params: {},
    inputs,
    ...(grads ? { grads } : {}),
  };
}

const globalAverage = defineRecord(globalSignature, {
  summary: 'y = the mean of each image',
  unsupported: ({ x }) =>
    x.shape.slice(-2).includes(0) ? 'the mean of an image of no elements' : undefined,
  ...averaged(windowOverAll),
  samples: [
    globalSample([2, 3, 5, 7]),
    globalSample([1, 1, 1, 1]),
    globalSample([5, 13, 2, 2]),
    globalSample([3, 2, 5]),
  ],
  plausibleBugs: [
    inputBug('last element dropped', 'x', (v, i, { shape }) =>
      (i + 1) % sizeOf(shape.slice(-2)) === 0 ? 0 : v,
    ),
  ],
});

/** torch.nn.functional.avg_pool2d, and adaptive_avg_pool2d to one element. */
export const records = { average, globalAverage };

/** Sums and quotients on a simulated GPU. */
export function averagesOn(gpu: SimulatedGpu) {
  const arithmetic: Arithmetic = { add: (a, b) => gpu.add(a, b), div: (a, b) => gpu.div(a, b) };
  return {
    means: (x: Value, params: Pooling) => means(x, params, arithmetic),
    shares: (x: Value, params: Pooling, dy: Value) => shares(x, params, dy, arithmetic),
  };
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, inputs, params) => ({ y: averagesOn(gpu).means(inputs.x, params) }),
  backward: (gpu, inputs, params, grads) => ({
    x: averagesOn(gpu).shares(inputs.x, params, grads.y),
  }),
  samples: [
    poolSample('legal', [2, 3, 40, 31], { kernel: [9, 9], stride: [2, 2], padding: [4, 4, 4, 4] }),
  ],
});
