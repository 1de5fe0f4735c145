import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { avgPool2d as signature } from '../../vocabulary/conv/avg_pool2d.ts';
import type { Pooling } from '../../vocabulary/conv/pooling.ts';
import { completed, type GivenParams } from '../../vocabulary/signature.ts';
import type { PlausibleBugOf, SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import { type Cell, cellsOf, slid, type Window } from './window.ts';

/** The window of a pooling. */
function windowOf({ kernel, stride = kernel, padding, dilation, ceil_mode }: Pooling): Window {
  return { kernel, stride, padding, dilation, ceil_mode };
}

/**
 * The shape of y, and of each of its elements the cells under the window and where the element's
 * image starts in x.
 */
export function pooled(x: Shape, params: Pooling) {
  const window = windowOf(params);
  const size = slid(x, window);
  const windows = Array.from({ length: sizeOf(size) }, (): Cell[] => []);
  for (const cell of cellsOf(x, window)) windows[cell.position]?.push(cell);
  const planes = sizeOf(x.slice(0, -2));
  const image = sizeOf(x.slice(-2));
  return {
    shape: [...x.slice(0, -2), ...size],
    elements: Array.from({ length: planes * windows.length }, (_, i) => ({
      start: Math.floor(i / windows.length) * image,
      cells: windows[i % windows.length] as Cell[],
    })),
  };
}

/** A sample of a pooling; `exact` draws few integers, so that there are ties. */
export function poolSample(
  level: 'exact' | 'legal',
  x: Shape,
  params: GivenParams<typeof signature>,
): SampleOf<typeof signature> {
  const draw = (random: Random) =>
    level === 'exact' ? () => random.integer(-3, 3) : () => random.normal();
  const tensor = (random: Random, shape: Shape) => filledTensor('f32', shape, draw(random));
  const settings = Object.entries(params).map(
    ([name, value]) => [name, Array.isArray(value) ? formatShape(value) : value] as const,
  );
  return {
    level,
    label: { x: formatShape(x), ...Object.fromEntries(settings) },
    params,
    inputs: (random) => ({ x: tensor(random, x) }),
    grads: (random) => ({ y: tensor(random, pooled(x, completed(signature, params)).shape) }),
  };
}

/** Mistakes that both poolings invite. */
export const POOLING_MISTAKES: readonly PlausibleBugOf<typeof signature>[] = [
  paramsBug('stride of the other direction', ({ stride, ...params }) => ({
    ...params,
    stride: stride && [stride[1], stride[0]],
  })),
  paramsBug('kernel of the other direction', ({ kernel, ...params }) => ({
    stride: kernel,
    ...params,
    kernel: [kernel[1], kernel[0]],
  })),
  paramsBug('dilation ignored', (params) => ({ ...params, dilation: [1, 1] })),
  paramsBug('padding mirrored', ({ padding: [top, left, bottom, right], ...params }) => ({
    ...params,
    padding: [bottom, right, top, left],
  })),
  inputBug('x of every second element negated', 'x', (v, i) => (i % 2 ? -v : v)),
];
