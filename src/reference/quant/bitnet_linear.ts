import { matrixOf } from '../../tensor/shape.ts';
import { LEAST_ROW, bitnetLinear as signature } from '../../vocabulary/quant/bitnet_linear.ts';
import type { InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { defineRecord } from '../define.ts';
import { product } from '../matmul/product.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import { samples } from './bitnet_linear.samples.ts';
import { accOf, codeAcceptance, movedProduct } from './coded-product.ts';
import { TRITS_FAULTS, tritsGradient, tritsGradientAcceptance } from './ternary_matmul.ts';
import { tritAt } from './ternary_pack.ts';
import { apartOf, codesOf, levelOf, vectorwise } from './vectorwise.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Outputs<T> = OutputsOf<typeof signature, T>;
type Params = ParamsOf<typeof signature>;

/** The trits as a matrix [out, in], each times `factor`. */
export function tritsOf({ x, packed }: Inputs, { out_features }: Params, factor = 1): Value {
  const [, k] = matrixOf(x.shape);
  const data = Float64Array.from(
    { length: out_features * k },
    (_, i) => tritAt(packed, i, 'low') * factor,
  );
  return { shape: [out_features, k], data };
}

const inLowOrder = (params: Params) => ({ ...params, order: 'low' }) as const;

/** Rows of x as they are quantized: what stands for a small one does so in levels alone. */
function rowsOf({ x: { shape, data } }: Inputs) {
  const [, k] = matrixOf(shape);
  const { stats } = vectorwise(data, k, Number.POSITIVE_INFINITY);
  const steps = stats.map((stat) => Math.max(stat, LEAST_ROW));
  const levels = data.map((value, i) => levelOf(value, steps[Math.floor(i / k)] as number));
  return { stats, steps, levels };
}

/** How far sums may be off where codes of x are in the band. */
function slackOf(inputs: Inputs, params: Params, apart: Float64Array): Float64Array {
  const { shape, data } = tritsOf(inputs, params);
  const rows = { shape: matrixOf(inputs.x.shape), data: apart };
  return product(rows, { shape, data: data.map(Math.abs) }, false, true).data;
}

/** What a unit of the sums of each row stands for. */
const unitsOf = ({ scale }: Inputs, steps: Float64Array): Float64Array =>
  steps.map((step) => (step * (scale.data[0] as number)) / 127);

/** Results where a party chose codes in the band. */
function forwardChosen(
  inputs: Inputs,
  actual: Partial<Outputs<Value>>,
  params: Params,
): Outputs<Value> {
  const { x, bias } = inputs;
  const { stats, steps, levels } = rowsOf(inputs);
  const q_x = { shape: matrixOf(x.shape), data: codesOf(levels, (i) => actual.q_x?.data[i]) };
  const trits = tritsOf(inputs, params);
  const exact = product(q_x, trits, false, true);
  const acc = accOf(exact.data, { acc: actual.acc, q_x: actual.q_x, q_weight: trits }, () =>
    slackOf(inputs, params, apartOf(levels, false)),
  );
  const n = params.out_features;
  const units = unitsOf(inputs, steps);
  const y = acc.map(
    (sum, i) => sum * (units[Math.floor(i / n)] as number) + (bias?.data[i % n] ?? 0),
  );
  return {
    q_x,
    row_stats: { shape: [stats.length], data: stats },
    acc: { shape: exact.shape, data: acc },
    y: { shape: [...x.shape.slice(0, -1), n], data: y },
  };
}

/**
 * Sums of codes are exact, given the codes. Their conversion, the product of statistic and scale,
 * two products and a 127th itself round, then the sum with the bias.
 */
function acceptance(
  inputs: Inputs,
  { acc, y }: Outputs<Value>,
  params: Params,
  { ieee }: Arithmetic,
): Outputs<Acceptance> {
  const { steps, levels } = rowsOf(inputs);
  const units = unitsOf(inputs, steps);
  const slack = slackOf(inputs, params, apartOf(levels, ieee));
  const n = params.out_features;
  const bound = y.data.map((result, i) => {
    const unit = Math.abs(units[Math.floor(i / n)] as number);
    const sum = Math.abs(acc.data[i] as number) + (slack[i] as number);
    const added = inputs.bias ? Math.abs(result) : 0;
    const rounded = EPS * (4.5 * sum * unit + added) * SECOND_ORDER;
    return rounded + (slack[i] as number) * unit + (4 + sum) * FLUSH;
  });
  return {
    q_x: codeAcceptance(levels, ieee),
    row_stats: { kind: 'exact' },
    acc: { kind: 'exact' },
    y: { kind: 'within', bound },
  };
}

/** transformers' BitLinear (BitNet b1.58), and the gradient of its ActQuant. */
export const record = defineRecord(signature, {
  summary: 'a product of rows in 8 bits with packed trits, exact, scaled once, and a bias',
  forward: (inputs, params) => forwardChosen(inputs, {}, params),
  forwardChosen,
  // Codes and statistics are those of `at`; x goes on through the trits times their scale.
  forwardDetached: ({ x }, params, at) => {
    const outputs = forwardChosen(at, {}, params);
    const decoded = tritsOf(at, params, at.scale.data[0]);
    return { ...outputs, y: movedProduct(x, at.x, outputs.y, decoded) };
  },
  acceptance,
  vjp: (inputs, params, { y: dy }) => ({ x: tritsGradient(inputs, dy, inLowOrder(params)) }),
  vjpAcceptance: (inputs, _gradients, params, { y: dy }, arithmetic) => ({
    x: tritsGradientAcceptance(inputs, dy, inLowOrder(params), arithmetic),
  }),
  samples,
  faults: [
    {
      name: 'results larger by 1',
      shader: { file: 'quant/bitnet_linear', from: 'y[i] = sum', to: 'y[i] = 1.0 + sum' },
    },
    ...TRITS_FAULTS.filter(({ direction }) => direction === 'backward'),
  ],
  plausibleBugs: [
    inputBug('x wrong by 2e-3', 'x', (x) => x * (1 + 2e-3)),
    inputBug('last element dropped', 'x', (x, i, { data }) => (i === data.length - 1 ? 0 : x)),
    inputBug('last row of packed trits zero', 'packed', (b, i, { data }) =>
      i === data.length - 1 ? 0x55 : b,
    ),
    inputBug(
      'neighbouring trits swapped',
      'packed',
      (b) =>
        4 * (b % 4) +
        (Math.floor(b / 4) % 4) +
        16 * (4 * (Math.floor(b / 16) % 4) + Math.floor(b / 64)),
    ),
    inputBug('scale wrong by 2e-5', 'scale', (s) => s * (1 + 2e-5)),
    inputBug('bias wrong by 2e-4', 'bias', (b) => b * (1 + 2e-4)),
  ],
});
