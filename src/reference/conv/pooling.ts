import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { Sample, WrongValue } from '../record.ts';
import { type Cell, cellsOf, type Pair, slid, type Window } from './window.ts';

/** The vocabulary's parameters of max_pool2d and avg_pool2d. */
export interface PoolParams {
  readonly kernel: Pair;
  readonly stride?: Pair | undefined;
  readonly padding?: Window['padding'];
  readonly dilation?: Pair;
  readonly ceil_mode?: boolean;
  readonly count_include_pad?: boolean;
}

/** The window, with the defaults of torch. */
export function windowOf({ kernel, stride = kernel, padding = [0, 0, 0, 0], dilation = [1, 1], ceil_mode }: PoolParams): Window {
  return { kernel, stride, padding, dilation, ceil_mode };
}

/** The shape of y, and of each of its elements the cells under the window and where the element's image starts in x. */
export function pooled(x: Shape, params: PoolParams) {
  const window = windowOf(params);
  const size = slid(x, window);
  const windows = Array.from({ length: sizeOf(size) }, (): Cell[] => []);
  for (const cell of cellsOf(x, window)) windows[cell.position]?.push(cell);
  const [planes, image] = [sizeOf(x.slice(0, 2)), sizeOf(x.slice(2))];
  return {
    shape: [...x.slice(0, 2), ...size],
    elements: Array.from({ length: planes * windows.length }, (_, i) => ({
      start: Math.floor(i / windows.length) * image,
      cells: windows[i % windows.length] as Cell[],
    })),
  };
}

/** A sample of a pooling; `exact` draws few integers, so that there are ties. */
export function poolSample<Params extends PoolParams>(layer: 'exact' | 'legal', x: Shape, params: Params): Sample<Params> {
  const draw = (random: Random) => (layer === 'exact' ? () => random.integer(-3, 3) : () => random.normal());
  const tensor = (random: Random, shape: Shape) => hostTensorFrom('f32', shape, random.fill(sizeOf(shape), draw(random)));
  const settings = Object.entries(params).map(([name, value]) => [name, Array.isArray(value) ? formatShape(value) : value] as const);
  return {
    layer,
    label: { x: formatShape(x), ...Object.fromEntries(settings) },
    params,
    inputs: (random) => ({ x: tensor(random, x) }),
    grads: (random) => ({ y: tensor(random, pooled(x, params).shape) }),
  };
}

/** Mistakes that both poolings invite. */
export const POOLING_MISTAKES: readonly WrongValue<PoolParams>[] = [
  wrong('stride of the other direction', ({ stride, ...p }) => ({ ...p, ...(stride ? { stride: [stride[1], stride[0]] } : {}) })),
  wrong('kernel of the other direction', ({ kernel, ...p }) => ({ stride: kernel, ...p, kernel: [kernel[1], kernel[0]] })),
  wrong('dilation ignored', ({ dilation: _, ...p }) => p),
  wrong('padding mirrored', ({ padding, ...p }) => {
    if (!padding) return p;
    const [top, left, bottom, right] = padding;
    return { ...p, padding: [bottom, right, top, left] };
  }),
  {
    name: 'x of every second element negated',
    apply: (inputs, params) => {
      const { x, ...others } = inputs;
      return { inputs: x ? { ...others, x: { ...x, data: x.data.map((v, i) => (i % 2 ? -v : v)) } } : others, params };
    },
  },
];

function wrong(name: string, change: (params: PoolParams) => PoolParams): WrongValue<PoolParams> {
  return { name, apply: (inputs, params) => ({ inputs, params: change(params) }) };
}
