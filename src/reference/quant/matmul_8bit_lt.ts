import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { matmul8bitLt as signature } from '../../vocabulary/quant/matmul_8bit_lt.ts';
import type { InputsOf } from '../../vocabulary/signature.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import {
  CODED_FAULTS,
  type CodedWeight,
  codedAcceptance,
  codedProduct,
  decodedWeight,
  foreseenGradientOf,
  foreseenOf,
  gradientAcceptance,
  gradientOfX,
  movedProduct,
  variantsOf,
} from './coded-product.ts';

type Inputs = InputsOf<typeof signature, Value>;

/** The codes as they are given: none of them is in a band. */
const weightOf = ({ q_weight, weight_stats }: Inputs): CodedWeight => ({
  levels: q_weight.data,
  stats: weight_stats.data,
});

function sample(
  x: Shape,
  out: number,
  {
    dtype = 'f32',
    threshold = 6,
    bias = false,
  }: {
    readonly dtype?: 'f32' | 'f16' | 'bf16';
    readonly threshold?: number;
    readonly bias?: boolean;
  } = {},
): SampleOf<typeof signature> {
  const cols = x.at(-1) as number;
  const drawn = (shape: Shape, draw: () => number) => filledTensor(dtype, shape, draw);
  return {
    level: 'legal',
    variants: variantsOf(x),
    label: { x: formatShape(x), out, ...(dtype === 'f32' ? {} : { dtype }), threshold, bias },
    params: { threshold },
    inputs: (random) => ({
      x: drawn(x, () => withOutliers(random)),
      // Rows whose largest code is not 127 too, as no quantizer leaves them.
      q_weight: hostTensorFrom(
        'i8',
        [out, cols],
        random.fill(out * cols, () => random.integer(-127, 127)),
      ),
      weight_stats: hostTensorFrom(
        'f32',
        [out],
        random.fill(out, () => random.uniform(0.1, 0.5)),
      ),
      ...(bias ? { bias: drawn([out], () => random.normal()) } : {}),
    }),
    grads: (random) => ({ y: drawn([...x.slice(0, -1), out], () => random.normal()) }),
  };
}

/** One element in thirty is an outlier of 6. */
function withOutliers(random: Random): number {
  return random.integer(1, 30) === 1 ? 9 * random.normal() : random.normal();
}

/** bitsandbytes.MatMul8bitLt of a weight that is kept in codes, and its gradient. */
export const record = defineRecord(signature, {
  summary: 'a product with a weight in 8-bit codes, outlier columns in full precision',
  forward: (inputs, params) => codedProduct(inputs, weightOf(inputs), {}, params),
  forwardChosen: (inputs, actual, params) => codedProduct(inputs, weightOf(inputs), actual, params),
  // Codes and statistics of x are those of `at`; x goes on through the decoded weight.
  forwardDetached: ({ x }, params, at) => {
    const outputs = codedProduct(at, weightOf(at), {}, params);
    const decoded = decodedWeight(weightOf(at), x.shape.at(-1) as number);
    return { ...outputs, y: movedProduct(x, at.x, outputs.y, decoded) };
  },
  acceptance: (inputs, outputs, params, arithmetic) =>
    codedAcceptance(
      inputs,
      weightOf(inputs),
      { ...outputs, q_weight: inputs.q_weight },
      params,
      arithmetic,
    ),
  foreseen: (steps, inputs, params, grads, actual = {}) =>
    grads
      ? { x: foreseenGradientOf(steps, inputs, weightOf(inputs), grads.y) }
      : { y: foreseenOf(steps, inputs, weightOf(inputs), actual, params) },
  vjp: (inputs, _params, { y: dy }) => ({ x: gradientOfX(inputs.x, weightOf(inputs), dy) }),
  vjpAcceptance: (inputs, _gradients, _params, { y: dy }, arithmetic) => ({
    x: gradientAcceptance(inputs.x, weightOf(inputs), dy, arithmetic),
  }),
  samples: [
    sample([5, 37], 7, { bias: true }),
    ...[
      sample([2, 3, 20], 33),
      sample([19], 3, { threshold: 1 }),
      sample([7, 41], 10, { dtype: 'f16', threshold: 3, bias: true }),
      sample([35, 12], 66, { threshold: 0 }),
    ].map((one) => ({ ...one, tier: 'full' as const })),
  ],
  faults: CODED_FAULTS,
  plausibleBugs: [
    paramsBug('no outliers', () => ({ threshold: 0 })),
    inputBug('the next code', 'q_weight', (code) => code ^ 1),
    inputBug('statistics wrong by 2e-4', 'weight_stats', (x) => x * (1 + 2e-4)),
    inputBug('x wrong by 2e-3', 'x', (x) => x * (1 + 2e-3)),
    inputBug('bias wrong by 2e-4', 'bias', (b) => b * (1 + 2e-4)),
  ],
});
