import type { DType } from '../../tensor/dtype.ts';
import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, matrixOf, type Shape } from '../../tensor/shape.ts';
import { linear8bitLt as signature } from '../../vocabulary/quant/linear_8bit_lt.ts';
import type { InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import {
  CODED_FAULTS,
  codeAcceptance,
  codedAcceptance,
  codedProduct,
  codesOfWeight,
  decodedWeight,
  foreseenGradientOf,
  foreseenOf,
  gradientAcceptance,
  gradientOfX,
  halfRows,
  movedProduct,
  variantsOf,
} from './coded-product.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Outputs<T> = OutputsOf<typeof signature, T>;
type Params = ParamsOf<typeof signature>;
type Chosen = Partial<Outputs<Value>>;

/** Rows of the weight as they are quantized. */
const rowsOfWeight = ({ weight }: Inputs) => halfRows(weight, 0);

/** Results where a party chose codes in the band, or what the threshold means. */
function forwardChosen(inputs: Inputs, actual: Chosen, params: Params): Outputs<Value> {
  const rows = rowsOfWeight(inputs);
  const [n, cols] = matrixOf(inputs.weight.shape);
  return {
    q_weight: codesOfWeight(rows, cols, actual.q_weight),
    weight_stats: { shape: [n], data: rows.stats },
    ...codedProduct(inputs, rows, actual, params),
  };
}

interface Description {
  readonly dtype?: DType;
  readonly threshold?: number;
  readonly bias?: boolean;
  readonly values?: string;
  readonly draw?: (random: Random, i: number) => number;
  readonly gradientTier?: 'full';
}

function sample(
  x: Shape,
  out: number,
  { dtype = 'f32', threshold = 0, bias = false, values, draw, gradientTier }: Description = {},
): SampleOf<typeof signature> {
  const [, cols] = matrixOf(x);
  const drawn = (shape: Shape, of: (i: number) => number) => filledTensor(dtype, shape, of);
  return {
    level: 'legal',
    variants: variantsOf(x),
    label: {
      x: formatShape(x),
      out,
      ...(dtype === 'f32' ? {} : { dtype }),
      threshold,
      bias,
      ...(values ? { values } : {}),
    },
    ...(gradientTier ? { gradientTier } : {}),
    params: { threshold },
    inputs: (random) => ({
      x: drawn(x, (i) => draw?.(random, i) ?? random.normal()),
      weight: drawn([out, cols], () => random.normal(0.1)),
      ...(bias ? { bias: drawn([out], () => random.normal()) } : {}),
    }),
    grads: (random) => ({
      y: drawn([...x.slice(0, -1), out], () => random.normal()),
    }),
  };
}

/** One element in thirty is an outlier of 6. */
function withOutliers(random: Random): number {
  return random.integer(1, 30) === 1 ? 9 * random.normal() : random.normal();
}

/** bitsandbytes.nn.Linear8bitLt as it evaluates, and its gradient. */
export const record = defineRecord(signature, {
  summary: 'an 8-bit product, its outlier columns in full precision',
  forward: (inputs, params) => forwardChosen(inputs, {}, params),
  forwardChosen,
  // Codes and statistics are those of `at`; x goes on through the decoded weight of there.
  forwardDetached: ({ x }, params, at) => {
    const outputs = forwardChosen(at, {}, params);
    const decoded = decodedWeight(rowsOfWeight(at), x.shape.at(-1) as number);
    return { ...outputs, y: movedProduct(x, at.x, outputs.y, decoded) };
  },
  acceptance: (inputs, outputs, params, arithmetic) => {
    const rows = rowsOfWeight(inputs);
    return {
      q_weight: codeAcceptance(rows.levels, arithmetic.ieee),
      weight_stats: { kind: 'exact' },
      ...codedAcceptance(inputs, rows, outputs, params, arithmetic),
    };
  },
  foreseen: (steps, inputs, params, grads, actual = {}) =>
    grads
      ? { x: foreseenGradientOf(steps, inputs, rowsOfWeight(inputs), grads.y) }
      : { y: foreseenOf(steps, inputs, rowsOfWeight(inputs), actual, params) },
  vjp: (inputs, _params, { y: dy }) => ({ x: gradientOfX(inputs.x, rowsOfWeight(inputs), dy) }),
  vjpAcceptance: (inputs, _gradients, _params, { y: dy }, arithmetic) => ({
    x: gradientAcceptance(inputs.x, rowsOfWeight(inputs), dy, arithmetic),
  }),
  samples: [
    sample([5, 37], 7, { threshold: 6, draw: withOutliers }),
    sample([6, 32], 16, { threshold: 6, bias: true, draw: withOutliers }),
    sample([2, 3, 20], 33),
    sample([1, 64], 5, { bias: true }),
    sample([19], 3, { threshold: 1 }),
    sample([9, 130], 6, { threshold: 2.2, gradientTier: 'full' }),
    sample([7, 41], 10, { dtype: 'f16', threshold: 3, bias: true }),
    sample([4, 24], 9, { dtype: 'bf16', threshold: 3 }),
    // Sums beyond 2^24: all codes are 127.
    sample([3, 1100], 2, { values: 'ones', draw: () => 1 }),
    // More than one workgroup of each kernel.
    sample([35, 12], 66, { threshold: 2.5, bias: true, gradientTier: 'full' }),
  ],
  faults: CODED_FAULTS,
  plausibleBugs: [
    paramsBug('outliers beyond twice the threshold', ({ threshold }) => ({
      threshold: 2 * threshold,
    })),
    paramsBug('no outliers', () => ({ threshold: 0 })),
    inputBug('x wrong by 2e-3', 'x', (x) => x * (1 + 2e-3)),
    inputBug('weight wrong by 2e-3', 'weight', (w) => w * (1 + 2e-3)),
    inputBug('bias wrong by 2e-4', 'bias', (b) => b * (1 + 2e-4)),
    inputBug('last element dropped', 'x', (x, i, { data }) => (i === data.length - 1 ? 0 : x)),
    inputBug('neighbours swapped', 'weight', (w, i, { data }) => data[i ^ 1] ?? w),
  ],
});
