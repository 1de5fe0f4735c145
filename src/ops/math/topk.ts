import shader from '../../../shaders/math/topk.wgsl';
import backwardShader from '../../../shaders/math/topk_backward.wgsl';
import exchangeShader from '../../../shaders/math/topk_exchange.wgsl';
import pairsShader from '../../../shaders/math/topk_pairs.wgsl';
import sortedShader from '../../../shaders/math/topk_sorted.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, spread, u32 } from '../../gpu/shader.ts';
import { computedAs } from '../../tensor/dtype.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { topk as signature } from '../../vocabulary/math/topk.ts';
import { launcher } from '../launcher.ts';
import { filled } from '../shape/fill.ts';
import { axisOf } from './axes.ts';

/** Invocations of a workgroup that goes through a row in rounds; or each of them through its own. */
const LANES = 256;

/**
 * Elements that a workgroup looks at in one dispatch, at most: about a tenth of a second, since
 * browsers stop a device that is busy for some seconds.
 */
const VISITS = 2 ** 22;

const SORT_KERNELS = [
  ...[pairsShader, exchangeShader, sortedShader, backwardShader].map(({ file }) => file),
  'shape/fill',
];

/** What a launch of either way is told. */
interface Launch {
  readonly x: Tensor;
  readonly values: Tensor;
  readonly indices: Tensor;
  readonly rows: number;
  readonly terms: number;
  readonly inner: number;
  readonly k: number;
  readonly largest: boolean;
}

/**
 * The k largest elements of x along `axis`, or the smallest, in order, and where they are, as
 * torch.topk: of equal ones, which torch takes in any order, the first comes first; a NaN is larger
 * than all. The gradient of the values flows to their places. x, values: f32 or integers; indices:
 * i32. Each variant goes through a row k times or sorts it; those that go through it sort it too
 * where that is less work. Throws ShapeError when there is no such axis, or a row has no k elements.
 */
export const topk = launcher(signature, {
  variants: {
    rounds: { kernels: [shader.file, ...SORT_KERNELS] },
    serial: { kernels: [shader.file, ...SORT_KERNELS] },
    sort: { kernels: SORT_KERNELS },
  },
  forward: (gpu, { x }, { k, axis, largest }, variant) => {
    const { at, ...row } = rowsAlong(x.shape, axis);
    if (!(k >= 0 && k <= row.terms)) {
      throw new ShapeError(
        `topk: a row of ${formatShape(x.shape)} along axis ${axis} has ${row.terms} elements, not ${k}`,
      );
    }
    const shape = x.shape.with(at, k);
    const values = Tensor.empty(gpu, computedAs(x.dtype), shape);
    const indices = Tensor.empty(gpu, 'i32', shape);
    const launch = { x, values, indices, ...row, k, largest };
    if (variant === 'sort' || k > ROUNDS_OF_PASS * passesOf(row.terms)) sorted(gpu, launch);
    else rounds(gpu, launch, variant === 'serial' ? 1 : LANES);
    return { values, indices };
  },
  backward: (gpu, { inputs: { x }, outputs: { indices }, grads, params: { k, axis }, wants }) => {
    if (!wants.has('x')) return {};
    const { terms, inner } = rowsAlong(x.shape, axis);
    const dx = filled(gpu, 'f32', x.shape, 0);
    gpu.dispatch({
      shader: backwardShader,
      bindings: [grads.values, indices, dx].map((tensor) => tensor.binding),
      uniforms: [indices.size, terms, k, inner].map(u32),
      workgroups: linearGrid(indices.size),
    });
    return { x: dx };
  },
});

/** Rounds that are as much work as a pass of a sort, which writes what it reads. */
const ROUNDS_OF_PASS = 2;

/** The logarithm of the power of two that a row of so many elements is filled up to. */
function levelsOf(terms: number): number {
  return Math.ceil(Math.log2(Math.max(2, terms)));
}

/** Passes of a bitonic sort. */
function passesOf(terms: number): number {
  const levels = levelsOf(terms);
  return (levels * (levels + 1)) / 2;
}

function constantsOf({ x, largest }: Launch) {
  return { INTEGERS: Number(x.dtype === 'i32'), SMALLEST: Number(!largest) };
}

function rounds(gpu: Gpu, launch: Launch, lanes: number): void {
  const { x, values, indices, rows, terms, k, inner } = launch;
  const atOnce = Math.max(1, Math.floor((VISITS * lanes) / LANES / terms));
  for (let first = 0; first < k; first += atOnce) {
    const end = Math.min(k, first + atOnce);
    gpu.dispatch({
      shader,
      constants: { ...constantsOf(launch), LANES: lanes },
      bindings: [x, values, indices].map((tensor) => tensor.binding),
      uniforms: [rows, terms, k, inner, first, end].map(u32),
      workgroups: spread(Math.ceil((rows * lanes) / LANES)),
      flops: rows * terms * (end - first),
    });
  }
}

function sorted(gpu: Gpu, launch: Launch): void {
  const { x, values, indices, rows, terms, k, inner } = launch;
  const levels = levelsOf(terms);
  const length = 2 ** levels;
  const count = rows * length;
  using pairs = Tensor.empty(gpu, 'u32', [count, 2]);
  gpu.dispatch({
    shader: pairsShader,
    constants: constantsOf(launch),
    bindings: [x.binding, pairs.binding],
    uniforms: [count, terms, inner, length].map(u32),
    workgroups: linearGrid(count),
  });
  for (let level = 1; level <= levels; level++) {
    for (let apart = 2 ** (level - 1); apart >= 1; apart /= 2) {
      gpu.dispatch({
        shader: exchangeShader,
        bindings: [pairs.binding],
        uniforms: [count / 2, apart, level === levels ? 0 : 2 ** level].map(u32),
        workgroups: linearGrid(count / 2),
      });
    }
  }
  gpu.dispatch({
    shader: sortedShader,
    bindings: [x, pairs, values, indices].map((tensor) => tensor.binding),
    uniforms: [values.size, terms, k, inner, length].map(u32),
    workgroups: linearGrid(values.size),
  });
}

/** The rows of a tensor along an axis: how many, of how many elements, which lie `inner` apart. */
function rowsAlong(shape: Shape, axis: number) {
  const at = axisOf('topk', axis, shape);
  const rows = sizeOf(shape.toSpliced(at, 1));
  return { at, rows, terms: shape[at] as number, inner: sizeOf(shape.slice(at + 1)) };
}
