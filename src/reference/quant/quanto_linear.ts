import { matrixOf } from '../../tensor/shape.ts';
import { quantoLinear as signature } from '../../vocabulary/quant/quanto_linear.ts';
import type { InputsOf, OutputsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { defineRecord } from '../define.ts';
import { absoluteProduct } from '../matmul/product.ts';
import { inputBug, nextScales } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import { accOf, codeAcceptance, movedProduct } from './coded-product.ts';
import {
  BYTES_FAULTS,
  type DecodedWeight,
  decodedProduct,
  decodedProductBound,
  decodedWeight,
} from './decoded-product.ts';
import { sumsOf } from './int8_linear.ts';
import { samples } from './quanto_linear.samples.ts';
import { exactly } from './ranges.ts';
import { apartOf, codesOf } from './vectorwise.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Outputs<T> = OutputsOf<typeof signature, T>;

/** Whether any code decodes to 0: a calibration saw zeros alone. */
const isOpen = ({ input_scale }: Inputs): boolean => input_scale.data[0] === 0;

const ANY_BYTE: Acceptance = {
  kind: 'codes',
  accepts: (_, code) => Number.isInteger(code) && code >= -128 && code <= 127,
  inBand: 0,
};

/** x over its scale, as IEEE arithmetic rounds it, between the lowest code and the highest. */
function levelsOf({ x, input_scale }: Inputs): Float64Array {
  const scale = input_scale.data[0] as number;
  if (scale === 0) return new Float64Array(x.data.length);
  return x.data.map((value) => Math.min(Math.max(Math.fround(value / scale), -128), 127));
}

/** How far sums may be off where codes of x are in the band. */
function slackOf({ x, q }: Inputs, apart: Float64Array): Float64Array {
  return absoluteProduct({ shape: matrixOf(x.shape), data: apart }, q, false, true).data;
}

/** What a unit of the sums of each output stands for. */
const unitsOf = ({ scale, input_scale }: Inputs): Float64Array =>
  scale.data.map((each) => each * (input_scale.data[0] as number));

/** Results where a party chose codes in the band. */
function forwardChosen(inputs: Inputs, actual: Partial<Outputs<Value>>): Outputs<Value> {
  const { x, q, bias } = inputs;
  const levels = levelsOf(inputs);
  const own = (i: number) => actual.q_x?.data[i];
  const codes = isOpen(inputs) ? levels.map((zero, i) => own(i) ?? zero) : codesOf(levels, own);
  const q_x = { shape: x.shape, data: codes };
  const chosen = { acc: actual.acc, q_x: actual.q_x, q_weight: q };
  const acc = accOf(sumsOf({ x: q_x, weight: q }), chosen, () =>
    slackOf(inputs, apartOf(levels, false)),
  );
  const units = unitsOf(inputs);
  const n = units.length;
  const shape = [...x.shape.slice(0, -1), n];
  const y = acc.map((sum, i) => sum * (units[i % n] as number) + (bias?.data[i % n] ?? 0));
  return { q_x, acc: { shape, data: acc }, y: { shape, data: y } };
}

/**
 * Sums of codes are exact, given the codes. Their conversion, the product of both scales and that
 * with it round, then the sum with the bias.
 */
function acceptance(
  inputs: Inputs,
  { acc, y }: Outputs<Value>,
  { ieee }: Pick<Arithmetic, 'ieee'>,
): Outputs<Acceptance> {
  const levels = levelsOf(inputs);
  const slack = slackOf(inputs, apartOf(levels, ieee));
  const units = unitsOf(inputs);
  const bound = y.data.map((result, i) => {
    const unit = Math.abs(units[i % units.length] as number);
    const open = slack[i] as number;
    const sum = Math.abs(acc.data[i] as number) + open;
    const rounds = sum > 2 ** 24 ? 3 : 2;
    const added = inputs.bias ? Math.abs(result) + open * unit : 0;
    return EPS * (rounds * sum * unit + added) * SECOND_ORDER + open * unit + (3 + sum) * FLUSH;
  });
  return {
    q_x: isOpen(inputs) ? ANY_BYTE : codeAcceptance(levels, ieee),
    acc: { kind: 'exact' },
    y: { kind: 'within', bound },
  };
}

/** The weight in float64, and how far float32 may be off. */
const weightOf = ({ q, scale }: Inputs): DecodedWeight => {
  const [out, k] = matrixOf(q.shape);
  return decodedWeight([out, k], (i, ops) =>
    ops.mul(exactly(scale.data[Math.floor(i / k)] as number), exactly(q.data[i] as number)),
  );
};

/** optimum-quanto's QLinear, weights and activations of qint8. */
export const record = defineRecord(signature, {
  summary: 'a product of x in codes by a known scale with codes of 8 bits, exact, scaled once',
  forward: (inputs) => forwardChosen(inputs, {}),
  forwardChosen,
  // Codes are those of `at`; x goes on through the decoded weight.
  forwardDetached: ({ x }, _params, at) => {
    const outputs = forwardChosen(at, {});
    return { ...outputs, y: movedProduct(x, at.x, outputs.y, weightOf(at)) };
  },
  acceptance: (inputs, outputs, _params, arithmetic) => acceptance(inputs, outputs, arithmetic),
  vjp: (inputs, _params, { y: dy }) => ({ x: decodedProduct(dy, weightOf(inputs), false) }),
  vjpAcceptance: (inputs, _gradients, _params, { y: dy }, { depth }) => ({
    x: decodedProductBound(dy, weightOf(inputs), false, depth),
  }),
  samples,
  faults: [
    {
      name: 'results larger by 1',
      shader: { file: 'quant/int8_linear', from: 'y[i] = result', to: 'y[i] = 1.0 + result' },
    },
    ...BYTES_FAULTS.filter(({ direction }) => direction === 'backward'),
  ],
  plausibleBugs: [
    inputBug('x wrong by 2e-3', 'x', (x) => x * (1 + 2e-3)),
    inputBug('last element dropped', 'x', (x, i, { data }) => (i === data.length - 1 ? 0 : x)),
    inputBug('neighbours swapped', 'q', (q, i, { data }) => data[i ^ 1] ?? q),
    inputBug('a code with its lowest bit turned', 'q', (code, i) => (i === 0 ? code ^ 1 : code)),
    nextScales('scales of the next row', 'scale'),
    inputBug('scales wrong by 2e-5', 'scale', (scale) => scale * (1 + 2e-5)),
    inputBug('scale of x twice as large', 'input_scale', (scale) => 2 * scale),
    inputBug('bias wrong by 2e-4', 'bias', (b) => b * (1 + 2e-4)),
  ],
});
