import { formatShape, type Shape } from '../../tensor/shape.ts';
import { maskedFill as signature } from '../../vocabulary/math/masked_fill.ts';
import { broadcastShape, sumTo } from '../broadcast.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { drawIntegersOf, integerTypeOf } from '../integers.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import { single } from '../values.ts';
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
  [x, mask]: readonly [Shape, Shape],
  value: number,
  how: 'exact' | 'legal' | 'positive' = level,
): SampleOf<typeof signature> {
  return {
    level,
    label: { x: formatShape(x), mask: formatShape(mask), value },
    params: { value },
    inputs: (random) => ({
      x: drawNumbers(random, x, how),
      mask: drawCondition(random, mask),
    }),
    grads: (random) => ({ y: drawNumbers(random, broadcastShape(x, mask), how) }),
  };
}

/** Some integers are replaced, in more than one workgroup. */
function integerSample(dtype: 'i32' | 'u8' | 'i8', value: number): SampleOf<typeof signature> {
  return {
    level: 'exact',
    label: { x: '17x5', mask: '5', value, dtype },
    integers: true,
    params: { value },
    inputs: (random) => ({
      x: drawIntegersOf(random, [17, 5], dtype),
      mask: drawCondition(random, [5]),
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

/** torch.masked_fill. */
export const record = defineRecord(signature, {
  summary: 'y = value where the mask is not 0, else x, with broadcasting',
  forward: ({ x, mask }, { value }) => ({
    y: chosenBy(mask, single(integerTypeOf([x]) ? value : Math.fround(value)), x),
  }),
  acceptance: () => ({ y: { kind: 'exact' } }),
  vjp: ({ x, mask }, _params, grads) => ({ x: sumTo(passedBy(mask, false, grads.y), x.shape) }),
  vjpAcceptance: ({ x, mask }, _gradients, _params, grads, { depth }) => ({
    x: passedBound(passedBy(mask, false, grads.y), x.shape, depth),
  }),
  samples: [
    sample(
      'exact',
      [
        [7, 37],
        [7, 37],
      ],
      3,
    ),
    sample(
      'exact',
      [
        [2, 3, 5],
        [3, 1],
      ],
      -7,
    ),
    integerSample('i32', 16777217),
    integerSample('u8', 255),
    { ...integerSample('i8', -128), tier: 'full' },
    sample('legal', [[5], [600, 5]], 0.1),
    sample(
      'legal',
      [
        [16, 32],
        [16, 32],
      ],
      -1e9,
    ),
    sample('exact', [[5, 27], [27]], Number.NEGATIVE_INFINITY),
  ],
  faults: [
    { name: 'what is masked stays', ...SWAPPED },
    { name: 'the gradient of what is masked', direction: 'backward', ...SWAPPED },
  ],
  plausibleBugs: [
    inputBug('the mask inverted', 'mask', (byte) => Number(byte === 0)),
    inputBug('only 1 is masked', 'mask', (byte) => Number(byte === 1)),
    inputBug('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
    paramsBug('value wrong by 2e-5', ({ value }) => ({ value: value * (1 + 2e-5) })),
  ],
});

export const simulation = defineSimulation(signature, {
  forward: (_gpu, { x, mask }, { value }) => ({
    y: chosenBy(mask, single(Math.fround(value)), x),
  }),
  backward: (gpu, { x, mask }, _params, grads) => ({
    x: passedSum(gpu, passedBy(mask, false, grads.y), x.shape),
  }),
  samples: [sample('legal', [[5], [250, 5]], 1, 'positive')],
});
