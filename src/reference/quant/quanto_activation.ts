import { quantoActivation as signature } from '../../vocabulary/quant/quanto_activation.ts';
import type { InputsOf, OutputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Value } from '../record.ts';
import { samples } from './quanto_activation.samples.ts';
import { OTHER_TYPE, QUANTO_TYPES, type QuantoScale } from './quanto-types.ts';
import { exactly, rangesIn, reach } from './ranges.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Outputs<T> = OutputsOf<typeof signature, T>;
type Params = ParamsOf<typeof signature>;

const scaleOf = ({ scale }: Inputs): QuantoScale => ({
  scale: exactly(scale.data[0] as number),
  shift: 0,
});

/** Results where a party's codes are its own if these can be right. */
function forwardChosen(
  inputs: Inputs,
  actual: Partial<Outputs<Value>>,
  { qtype }: Params,
): Outputs<Value> {
  const { x } = inputs;
  const type = QUANTO_TYPES[qtype];
  const scale = scaleOf(inputs);
  const ieee = rangesIn(x.dtype, true);
  const legal = rangesIn(x.dtype, false);
  const codes = x.data.map((value, i) => {
    const own = actual.q?.data[i];
    const isRight = own !== undefined && type.codes(value, scale, legal).includes(own);
    return isRight ? own : (type.codes(value, scale, ieee)[0] as number);
  });
  const dequant = codes.map((code) => type.decode(code, scale, ieee).low);
  return { q: { shape: x.shape, data: codes }, dequant: { shape: x.shape, data: dequant } };
}

function acceptance(
  inputs: Inputs,
  { q, dequant }: Outputs<Value>,
  { qtype }: Params,
  { ieee }: Pick<Arithmetic, 'ieee'>,
): Outputs<Acceptance> {
  const { x } = inputs;
  const type = QUANTO_TYPES[qtype];
  const scale = scaleOf(inputs);
  const ops = rangesIn(x.dtype, ieee);
  const legal = rangesIn(x.dtype, false);
  const right = Array.from(x.data, (value) => type.codes(value, scale, ops));
  const decodedOf = (code: number) => type.decode(code, scale, ops).low;
  return {
    q: {
      kind: 'codes',
      accepts: (i, code) => (right[i] ?? []).includes(code),
      // Both codes of zero are one number.
      inBand: right.filter((codes) => new Set(codes.map((code) => decodedOf(code) + 0)).size > 1)
        .length,
    },
    dequant: {
      kind: 'within',
      bound: q.data.map((code, i) =>
        reach(type.decode(code, scale, legal), dequant.data[i] as number),
      ),
    },
  };
}

/** optimum.quanto.quantize_activation. */
export const record = defineRecord(signature, {
  summary:
    'codes of 8 bits of x by one scale, as Quanto rounds activations, and what they decode to',
  forward: (inputs, params) => forwardChosen(inputs, {}, params),
  forwardChosen,
  // Codes are those of `at`, and x goes on from there; taken away, so that -0 stays.
  forwardDetached: ({ x }, params, at) => {
    const { q, dequant } = forwardChosen(at, {}, params);
    const data = dequant.data.map((y, i) => y - ((at.x.data[i] as number) - (x.data[i] as number)));
    return { q, dequant: { shape: x.shape, data } };
  },
  acceptance: (inputs, outputs, params, arithmetic) =>
    acceptance(inputs, outputs, params, arithmetic),
  vjp: (_inputs, _params, { dequant }) => ({ x: dequant }),
  vjpAcceptance: () => ({ x: { kind: 'exact' } }),
  samples,
  faults: [
    {
      name: 'results larger by 1',
      shader: {
        file: 'quant/quanto_codes',
        from: 'held(held(line.scales * made.values, STORAGE) - line.shifts, STORAGE)',
        to: '1.0 + held(held(line.scales * made.values, STORAGE) - line.shifts, STORAGE)',
      },
    },
    {
      name: 'x in the place of its gradient',
      direction: 'backward',
      host: {
        seam: 'quanto_activation.backward',
        wrap:
          () =>
          (_gpu, { inputs }) => ({ x: inputs.x.clone() }),
      },
    },
  ],
  plausibleBugs: [
    inputBug('x wrong by 2e-3', 'x', (x) => x * (1 + 2e-3)),
    inputBug('last element dropped', 'x', (x, i, { data }) => (i === data.length - 1 ? 0 : x)),
    inputBug('neighbours swapped', 'x', (x, i, { data }) => data[i ^ 1] ?? x),
    inputBug('signs lost', 'x', Math.abs),
    inputBug('scale wrong by 2e-5', 'scale', (scale) => scale * (1 + 2e-5)),
    paramsBug('codes of another float type', ({ qtype }) => ({ qtype: OTHER_TYPE[qtype] })),
    paramsBug('whole numbers for floats', (params): Params => ({ ...params, qtype: 'qint8' })),
  ],
});
