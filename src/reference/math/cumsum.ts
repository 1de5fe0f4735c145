import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { cumsum as signature } from '../../vocabulary/math/cumsum.ts';
import { FLUSH, gamma, SECOND_ORDER, sumLevels } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { drawIntegersOf, integerTypeOf, wrapped } from '../integers.ts';
import { mapRows, pick } from '../nn/softmax.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Depth, Value } from '../record.ts';
import { drawTensor } from '../simulation/draw.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { chainSum } from '../simulation/sums.ts';

/** What a row of a value gives, from its first element on or from its last. */
function along(
  x: Value,
  dim: number,
  reverse: boolean,
  f: (row: readonly number[]) => readonly number[],
): Float64Array {
  return mapRows(x, { axis: dim }, (indices) => {
    const row = pick(x, indices);
    return reverse ? f(row.reverse()).toReversed() : f(row);
  });
}

function sumsOf(row: readonly number[]): number[] {
  let sum = 0;
  return row.map((value) => {
    sum += value;
    return sum;
  });
}

/**
 * The sum of i + 1 numbers rounds i times at most, or as often as the levels of the whole row say.
 */
function within(x: Value, dim: number, reverse: boolean, depth: Depth): Acceptance {
  const bound = along(x, dim, reverse, (row) => {
    const levels = sumLevels(row.length, depth);
    return sumsOf(row.map(Math.abs)).map(
      (size, i) => gamma(Math.min(i, levels)) * size * SECOND_ORDER + FLUSH * (i + 1),
    );
  });
  return { kind: 'within', bound };
}

function sample(
  level: 'exact' | 'legal',
  shape: Shape,
  dim: number,
  { positive = false, backward = true } = {},
): SampleOf<typeof signature> {
  const draw = (random: Random) =>
    level === 'exact'
      ? filledTensor('f32', shape, () => random.integer(-99, 99))
      : drawTensor(random, shape, positive ? 'positive' : 'normal');
  return {
    level,
    label: { x: formatShape(shape), dim, ...(positive ? { values: 'positive' } : {}) },
    params: { dim },
    inputs: (random) => ({ x: draw(random) }),
    ...(backward ? { grads: (random) => ({ y: draw(random) }) } : {}),
  };
}

/** Integers of a type along a dimension, in more than one workgroup. */
function integerSample(
  dtype: 'i32' | 'u8' | 'i8',
  shape: Shape,
  dim: number,
): SampleOf<typeof signature> {
  return {
    level: 'exact',
    label: { x: formatShape(shape), dim, dtype },
    integers: true,
    params: { dim },
    inputs: (random) => ({ x: drawIntegersOf(random, shape, dtype) }),
  };
}

/** torch.cumsum; of integers in 32 bits. */
export const record = defineRecord(signature, {
  summary: 'y[i] = sum of x[0] to x[i] along a dimension',
  forward: ({ x }, { dim }) => {
    const sums = along(x, dim, false, sumsOf);
    const data = integerTypeOf([x]) ? sums.map((sum) => wrapped(sum, 'i32')) : sums;
    return { y: { shape: x.shape, data } };
  },
  acceptance: ({ x }, _outputs, { dim }, { depth }) => ({
    y: integerTypeOf([x]) ? { kind: 'exact' } : within(x, dim, false, depth),
  }),
  vjp: (_inputs, { dim }, { y }) => ({ x: { shape: y.shape, data: along(y, dim, true, sumsOf) } }),
  vjpAcceptance: (_inputs, _gradients, { dim }, { y }, { depth }) => ({
    x: within(y, dim, true, depth),
  }),
  samples: [
    sample('exact', [67, 19], -1),
    sample('exact', [3, 64, 2], 1),
    sample('exact', [3, 321, 2], 1), // in two shares
    sample('exact', [1], 0),
    integerSample('i32', [3, 321, 2], 1), // in two shares
    integerSample('u8', [67, 19], 0),
    { ...integerSample('i8', [5, 70], -1), tier: 'full' },
    sample('legal', [5, 70, 3], -2),
    sample('legal', [13, 6], 0),
    { ...sample('legal', [2, 5000], 1), tier: 'full' },
  ],
  faults: [
    {
      name: 'one added to each sum',
      shader: {
        file: 'math/cumsum',
        from: 'y[at] = total;',
        to: 'y[at] = sum(total, bitcast<u32>(1.0));',
      },
    },
    {
      name: 'one added to each gradient',
      direction: 'backward',
      shader: {
        file: 'math/cumsum',
        from: 'y[at] = total;',
        to: 'y[at] = sum(total, bitcast<u32>(1.0));',
      },
    },
  ],
  plausibleBugs: [
    inputBug('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
    inputBug('first element dropped', 'x', (x, i) => (i === 0 ? 0 : x)),
    paramsBug('first dimension for the last', () => ({ dim: 0 })),
    paramsBug('last dimension for another', () => ({ dim: -1 })),
  ],
});

/** Terms that one invocation adds at most. */
const SHARE = 256;

/** Each share by itself, the sums of the shares, and each share once more from there. */
function computed(gpu: SimulatedGpu, row: readonly number[], from = 0): number[] {
  const parts = Math.ceil(row.length / SHARE);
  if (parts <= 1) {
    let total = from;
    return row.map((value) => {
      total = gpu.add(total, value);
      return total;
    });
  }
  const share = Math.ceil(row.length / parts);
  const shares = Array.from({ length: parts }, (_, i) => row.slice(i * share, (i + 1) * share));
  const ends = computed(
    gpu,
    shares.map((terms) => chainSum(gpu, terms)),
  );
  return shares.flatMap((terms, i) => computed(gpu, terms, ends[i - 1] ?? 0));
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, { x }, { dim }) => ({
    y: { shape: x.shape, data: along(x, dim, false, (row) => computed(gpu, row)) },
  }),
  backward: (gpu, _inputs, { dim }, { y }) => ({
    x: { shape: y.shape, data: along(y, dim, true, (row) => computed(gpu, row)) },
  }),
  samples: [
    sample('legal', [31, 64], 1, { positive: true }),
    sample('legal', [2000, 3], 0, { positive: true }),
    sample('legal', [3, 1000], 1),
  ],
});
