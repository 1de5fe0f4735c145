import { EPS, FLUSH, gamma, SECOND_ORDER } from '../bounds.ts';
import type { Depth, OpRecord, Sample, Value, Values } from '../record.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import type { Simulation } from '../simulation/simulation.ts';
import { wrongParams } from '../wrong-value.ts';
import { POOLING_MISTAKES, type PoolParams, pooled, poolSample } from './pooling.ts';
import type { Cell } from './window.ts';

type None = Readonly<Record<string, never>>;

/** Indices in x of the elements under a window, and how many cells of it the mean is over. */
interface Averaged {
  readonly own: readonly number[];
  readonly count: number;
}

/** Whether a cell counts: those in x do, those in the padding may, those past it never do. */
function counts({ row, col, inside }: Cell, [height, width]: readonly number[], params: PoolParams): boolean {
  const { padding = [0, 0, 0, 0], count_include_pad = true } = params;
  if (!count_include_pad) return inside;
  return row < (height as number) + padding[2] && col < (width as number) + padding[3];
}

function windowsOf(x: Value, params: PoolParams): { readonly shape: readonly number[]; readonly windows: readonly Averaged[] } {
  const size = x.shape.slice(2);
  const { shape, elements } = pooled(x.shape, params);
  const windows = elements.map(({ start, cells }) => ({
    own: cells.filter(({ inside }) => inside).map(({ row, col }) => start + row * (size[1] as number) + col),
    count: cells.filter((cell) => counts(cell, size, params)).length,
  }));
  return { shape, windows };
}

/** The window over all of x. */
const whole = (inputs: Values): PoolParams => {
  const [, , height = 0, width = 0] = (inputs['x'] as Value).shape;
  return { kernel: [height, width] };
};

interface Arithmetic {
  readonly add: (a: number, b: number) => number;
  readonly div: (a: number, b: number) => number;
}
const REAL: Arithmetic = { add: (a, b) => a + b, div: (a, b) => a / b };

function means(x: Value, params: PoolParams, { add, div }: Arithmetic = REAL): Value {
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
function shares(x: Value, params: PoolParams, dy: Value, { add, div }: Arithmetic = REAL): Value {
  const data = new Float64Array(x.data.length);
  windowsOf(x, params).windows.forEach(({ own, count }, i) => {
    const share = div(dy.data[i] as number, count);
    for (const at of own) data[at] = add(data[at] as number, share);
  });
  return { shape: x.shape, data };
}

const absolute = (value: Value): Value => ({ ...value, data: value.data.map(Math.abs) });

/** A sum and a quotient of 2.5 ULP, or quotients and their sum: of sums without products, which are one level less deep. */
function boundOf(sizes: Value, { kernel }: PoolParams, depth: Depth): { readonly kind: 'within'; readonly bound: Float64Array } {
  const terms = kernel[0] * kernel[1];
  const relative = (gamma(depth(terms) - 1) + 2.5 * EPS) * SECOND_ORDER;
  return { kind: 'within', bound: sizes.data.map((size) => relative * size + 2 * terms * FLUSH) };
}

function recordOf<Params>(
  parts: Pick<OpRecord<Params>, 'name' | 'summary' | 'samples' | 'wrongValues'>,
  paramsOf: (inputs: Values, params: Params) => PoolParams,
): OpRecord<Params> {
  const x = (inputs: Values) => inputs['x'] as Value;
  const dy = (grads: Values) => grads['y'] as Value;
  return {
    ...parts,
    family: 'conv',
    inputs: { x: { dtypes: ['f32'], differentiable: true } },
    outputs: { y: { dtypes: ['f32'] } },
    forward: (inputs, params) => ({ y: means(x(inputs), paramsOf(inputs, params)) }),
    acceptance: (inputs, _outputs, params, { depth }) => {
      const settings = paramsOf(inputs, params);
      return { y: boundOf(means(absolute(x(inputs)), settings), settings, depth) };
    },
    vjp: (inputs, params, grads) => ({ x: shares(x(inputs), paramsOf(inputs, params), dy(grads)) }),
    vjpAcceptance: (inputs, _gradients, params, grads, { depth }) => {
      const settings = paramsOf(inputs, params);
      return { x: boundOf(shares(x(inputs), settings, absolute(dy(grads))), settings, depth) };
    },
    faults: [
      { name: 'one cell too many', shader: { file: 'conv/avg_pool2d', from: 'f32(rows * cols)', to: 'f32(rows * cols + 1u)' } },
      {
        name: 'one cell too many on the way back',
        direction: 'backward',
        shader: { file: 'conv/avg_pool2d_backward', from: 'f32(in_rows * in_cols)', to: 'f32(in_rows * in_cols + 1u)' },
      },
    ],
  };
}

const average = recordOf<PoolParams>(
  {
    name: 'avg_pool2d',
    summary: 'y = the mean under a window that slides over each image',
    samples: [
      poolSample('legal', [1, 1, 1, 1], { kernel: [1, 1] }),
      poolSample('legal', [2, 3, 7, 9], { kernel: [3, 2], stride: [2, 1], padding: [1, 0, 0, 1] }),
      poolSample('legal', [2, 3, 7, 9], { kernel: [3, 2], stride: [2, 1], padding: [1, 0, 0, 1], count_include_pad: false }),
      poolSample('legal', [1, 2, 8, 8], { kernel: [3, 2], ceil_mode: true, stride: [3, 3], padding: [0, 1, 0, 0] }),
      poolSample('legal', [3, 2, 9, 7], {
        kernel: [3, 2],
        stride: [1, 2],
        dilation: [2, 3],
        padding: [1, 3, 1, 0],
        count_include_pad: false,
      }),
      poolSample('legal', [1, 2, 8, 8], { kernel: [1, 1] }),
    ],
    wrongValues: [
      ...POOLING_MISTAKES,
      wrongParams('sizes rounded the other way', (params) => ({ ...params, ceil_mode: !params.ceil_mode })),
      wrongParams('padding counted the other way', (params) => ({ ...params, count_include_pad: !(params.count_include_pad ?? true) })),
    ],
  },
  (_inputs, params) => params,
);

function globalSample(x: readonly [number, number, number, number]): Sample<None> {
  const [batch, channels, height, width] = x;
  const { label, inputs, grads } = poolSample('legal', x, { kernel: [height, width] });
  return {
    layer: 'legal',
    label: { x: `${batch}x${channels}x${height}x${width}`, windows: label['kernel'] as string },
    params: {},
    inputs,
    ...(grads ? { grads } : {}),
  };
}

const globalAverage = recordOf<None>(
  {
    name: 'global_avg_pool2d',
    summary: 'y = the mean of each image',
    samples: [globalSample([2, 3, 5, 7]), globalSample([1, 1, 1, 1]), globalSample([5, 13, 2, 2])],
    wrongValues: [
      {
        name: 'last element dropped',
        apply: (inputs, params) => {
          const x = inputs['x'] as Value;
          const size = (x.shape[2] as number) * (x.shape[3] as number);
          return { inputs: { x: { ...x, data: x.data.map((v, i) => ((i + 1) % size === 0 ? 0 : v)) } }, params };
        },
      },
    ],
  },
  whole,
);

/** torch.nn.functional.avg_pool2d, and adaptive_avg_pool2d to one element. */
export const records = [average, globalAverage];

/** Sums and quotients on a simulated GPU. */
export function averagesOn(gpu: SimulatedGpu) {
  const arithmetic: Arithmetic = { add: (a, b) => gpu.add(a, b), div: (a, b) => gpu.div(a, b) };
  return {
    means: (x: Value, params: PoolParams) => means(x, params, arithmetic),
    shares: (x: Value, params: PoolParams, dy: Value) => shares(x, params, dy, arithmetic),
  };
}

export const simulation: Simulation<PoolParams> = {
  op: 'avg_pool2d',
  forward: (gpu, inputs, params) => ({ y: averagesOn(gpu).means(inputs['x'] as Value, params) }),
  backward: (gpu, inputs, params, grads) => ({ x: averagesOn(gpu).shares(inputs['x'] as Value, params, grads['y'] as Value) }),
  samples: [poolSample('legal', [2, 3, 40, 31], { kernel: [9, 9], stride: [2, 2], padding: [4, 4, 4, 4] })],
};
