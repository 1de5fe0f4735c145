import { E2M1, E4M3, E4M3FNUZ, E5M2, valueOfCode } from '../../quant/small-floats.ts';
import { filledTensor } from '../../tensor/host.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { decodeSmallFloat as signature } from '../../vocabulary/quant/decode_small_float.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { FLUSH } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

type Inputs = InputsOf<typeof signature, Value>;
type Type = ParamsOf<typeof signature>['type'];

const VALUES: Readonly<Record<Type, (code: number) => number>> = {
  e2m1: (code) => valueOfCode(code % 16, E2M1),
  e4m3: (code) => valueOfCode(code, E4M3),
  e4m3fnuz: (code) => valueOfCode(code, E4M3FNUZ),
  e5m2: (code) => valueOfCode(code, E5M2),
  e8m0: (code) => (code === 255 ? Number.NaN : 2 ** (code - 127)),
};

const OTHER = {
  e2m1: 'e4m3',
  e4m3: 'e5m2',
  e4m3fnuz: 'e4m3',
  e5m2: 'e4m3',
  e8m0: 'e5m2',
} as const;

/** The codes from `least` on that stand for a number, in turn. */
function sample(shape: Shape, type: Type, least = 0): SampleOf<typeof signature> {
  const numbers = Array.from({ length: type === 'e2m1' ? 16 : 256 }, (_, code) => code).filter(
    (code) => code >= least && Number.isFinite(VALUES[type](code)),
  );
  return {
    level: 'exact',
    label: { codes: formatShape(shape), type },
    params: { type },
    inputs: () => ({
      codes: filledTensor('u8', shape, (i) => numbers[i % numbers.length] as number),
    }),
  };
}

/** The numbers that codes stand for. */
function decoded({ codes: { shape, data } }: Inputs, { type }: { readonly type: Type }) {
  return { y: { shape, data: data.map(VALUES[type]) } };
}

/** Floats of few bits: exact but for a denormal. */
export const record = defineRecord(signature, {
  summary: 'the numbers that codes of e2m1, e4m3, e4m3fnuz, e5m2 or e8m0 stand for',
  forward: decoded,
  acceptance: (_inputs, { y }) => ({
    y: { kind: 'within', bound: y.data.map((x) => (Math.abs(x) < FLUSH ? FLUSH : 0)) },
  }),
  samples: [
    sample([37, 7], 'e2m1'),
    sample([259], 'e4m3'),
    sample([3, 85], 'e4m3fnuz'),
    sample([5, 51], 'e5m2'),
    sample([257], 'e8m0', 1),
    sample([1], 'e4m3'),
  ],
  faults: [
    {
      name: 'neighbouring codes',
      shader: {
        file: 'quant/decode_small_float',
        from: 'let word = codes[w];',
        to: 'let word = codes[w] ^ 0x01010101u;',
      },
    },
  ],
  plausibleBugs: [
    paramsBug('another type', ({ type }) => ({ type: OTHER[type] })),
    inputBug('the next code', 'codes', (code) => code ^ 1),
    inputBug('the last code dropped', 'codes', (code, i, { data }) =>
      i === data.length - 1 ? code ^ 1 : code,
    ),
  ],
});

/** The kernel makes floats of their bits, and its one product is exact. */
export const simulation = defineSimulation(signature, {
  forward: (_gpu, inputs, params) => decoded(inputs, params),
});
