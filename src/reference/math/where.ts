import { formatShape, type Shape } from '../../tensor/shape.ts';
import { where as signature } from '../../vocabulary/math/where.ts';
import { broadcastShape, sumTo } from '../broadcast.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { beside, drawIntegersOf } from '../integers.ts';
import { inputBug } from '../plausible-bug.ts';
import {
  chosenBy,
  drawCondition,
  drawNumbers,
  passedBound,
  passedBy,
  passedSum,
} from './choice.ts';

function sample(
  level: 'exact' | 'legal',
  [condition, a, b]: readonly [Shape, Shape, Shape],
  how: 'exact' | 'legal' | 'positive' = level,
): SampleOf<typeof signature> {
  return {
    level,
    label: { condition: formatShape(condition), a: formatShape(a), b: formatShape(b) },
    params: {},
    inputs: (random) => ({
      condition: drawCondition(random, condition),
      a: drawNumbers(random, a, how),
      b: drawNumbers(random, b, how),
    }),
    grads: (random) => ({
      y: drawNumbers(random, broadcastShape(broadcastShape(condition, a), b), how),
    }),
  };
}

/** A choice between integers of one or two types, in more than one workgroup. */
function integerSample(
  dtypes: readonly [a: 'i32' | 'i8', b: 'i32' | 'u8' | 'i8'],
): SampleOf<typeof signature> {
  return {
    level: 'exact',
    label: { condition: '17x5', a: '17x5', b: '5', dtypes: dtypes.join() },
    integers: true,
    params: {},
    inputs: (random) => ({
      condition: drawCondition(random, [17, 5]),
      a: drawIntegersOf(random, [17, 5], dtypes[0]),
      b: drawIntegersOf(random, [5], dtypes[1]),
    }),
  };
}

const SWAPPED = {
  shader: {
    file: 'math/where',
    from: 'select(second, first, given',
    to: 'select(first, second, given',
  },
};

/** torch.where. */
export const record = defineRecord(signature, {
  summary: 'y = a where the condition is not 0, else b, with broadcasting',
  forward: ({ condition, a, b }) => ({
    y: chosenBy(condition, beside(a, [a, b]), beside(b, [a, b])),
  }),
  acceptance: () => ({ y: { kind: 'exact' } }),
  vjp: ({ condition, a, b }, _params, grads) => ({
    a: sumTo(passedBy(condition, true, grads.y), a.shape),
    b: sumTo(passedBy(condition, false, grads.y), b.shape),
  }),
  vjpAcceptance: ({ condition, a, b }, _gradients, _params, grads, { depth }) => ({
    a: passedBound(passedBy(condition, true, grads.y), a.shape, depth),
    b: passedBound(passedBy(condition, false, grads.y), b.shape, depth),
  }),
  samples: [
    sample('exact', [
      [7, 37],
      [7, 37],
      [7, 37],
    ]),
    sample('exact', [[5, 1, 7], [3, 1], [1]]),
    sample('exact', [[7, 8], [8], [7, 1]]),
    sample('exact', [
      [7, 1],
      [7, 8],
      [3, 1, 8],
    ]),
    sample('exact', [[1], [2, 1, 2, 3], [2, 3]]),
    integerSample(['i32', 'i32']),
    integerSample(['i32', 'u8']),
    { ...integerSample(['i8', 'i8']), tier: 'full' },
    sample('legal', [[600, 5], [5], [600, 5]]),
    sample('legal', [
      [16, 32],
      [16, 32],
      [16, 32],
    ]),
  ],
  faults: [
    { name: 'the other one', ...SWAPPED },
    { name: 'the gradient of the other one', direction: 'backward', ...SWAPPED },
  ],
  plausibleBugs: [
    inputBug('the condition inverted', 'condition', (byte) => Number(byte === 0)),
    inputBug('only 1 is true', 'condition', (byte) => Number(byte === 1)),
    inputBug('a wrong by 2e-5', 'a', (x) => x * (1 + 2e-5)),
    inputBug('b wrong by 2e-5', 'b', (x) => x * (1 + 2e-5)),
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (_gpu, { condition, a, b }) => ({ y: chosenBy(condition, a, b) }),
  backward: (gpu, { condition, a, b }, _params, grads) => ({
    a: passedSum(gpu, passedBy(condition, true, grads.y), a.shape),
    b: passedSum(gpu, passedBy(condition, false, grads.y), b.shape),
  }),
  samples: [sample('legal', [[250, 5], [5], [5]], 'positive')],
});
