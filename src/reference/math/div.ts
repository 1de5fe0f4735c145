import { hostTensorFrom } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape } from '../../tensor/shape.ts';
import { div as signature } from '../../vocabulary/math/div.ts';
import { promoted } from '../../vocabulary/promotion.ts';
import type { InputsOf, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, storageStep } from '../bounds.ts';
import { defineRecord, type PlausibleBugOf, type SampleOf } from '../define.ts';
import { integerTypeOf, wrapped } from '../integers.ts';
import { paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Arithmetic, Division, Value } from '../record.ts';
import type { Simulation } from '../simulation/simulation.ts';
import {
  type BinaryTruth,
  binaryRecord,
  binarySimulation,
  INTEGER_SAMPLES,
  mapPairs,
  together,
} from './binary.ts';
import { ROUND, roundedQuotients } from './rounded-quotient.ts';

/** Units in the last place that a division may be off. */
const DIVISION = 2.5;

/**
 * What flushing the dividend and the quotient may cost; a divisor that may be flushed makes
 * anything of it.
 */
const flush = (b: number): number =>
  Math.abs(b) < FLUSH ? Number.POSITIVE_INFINITY : FLUSH * (1 + 1 / Math.abs(b));

const truth: BinaryTruth = {
  symbol: '/',
  f: (a, b) => a / b,
  computed: (gpu, a, b) => gpu.div(a, b),
  error: (a, b) => DIVISION * EPS * Math.abs(a / b) + flush(b),
  // By a reciprocal.
  between: (a, b) => [[1 / b, a]],
  a: {
    derivative: (_a, b) => 1 / b,
    units: DIVISION,
    flush: (_a, b) => FLUSH + flush(b),
    between: (_a, b, dy) => [[1 / b, dy]],
    steps: [
      ({ stored, exactly, div }, _a, b, dy) => stored(div(exactly(dy), exactly(b))),
      ({ stored, exactly, div, mul }, _a, b, dy) =>
        stored(mul(exactly(dy), stored(div(exactly(1), exactly(b))))),
    ],
    term: (gpu, _a, b, dy) => gpu.div(dy, b),
  },
  // dy * ((a / b) / b): two divisions and a product. By a reciprocal r it is (dy * a) * (r * r), of
  // which r * r may be flushed.
  b: {
    derivative: (a, b) => -a / (b * b),
    units: 2 * DIVISION + 1,
    flush: (a, b, dy) =>
      FLUSH * (2 + Math.abs(a / (b * b)) + Math.abs(dy * a)) +
      dy * (flush(b) * (1 + 1 / Math.abs(b))),
    between: (a, b, dy) => [
      [1 / b, (2 * dy * a) / b],
      [1 / b ** 2, dy * a],
      [a / b, dy / b],
      [a / b ** 2, dy],
      [dy * a, 1 / b ** 2],
    ],
    steps: [
      ({ stored, exactly, div, mul, neg }, a, b, dy) => {
        const quotient = stored(div(exactly(a), exactly(b)));
        return stored(mul(neg(exactly(dy)), stored(div(quotient, exactly(b)))));
      },
      ({ stored, exactly, div, mul, neg }, a, b, dy) => {
        const reciprocal = stored(div(exactly(1), exactly(b)));
        const square = stored(mul(reciprocal, reciprocal));
        return stored(mul(neg(stored(mul(exactly(dy), exactly(a)))), square));
      },
    ],
    term: (gpu, a, b, dy) => -gpu.mul(dy, gpu.div(gpu.div(a, b), b)),
  },
  isExact: false,
  neutral: 1,
};

type Signature = typeof signature;

/**
 * Steps of a half format that a quotient may be off before it is rounded to an integer: half of one
 * as it is stored; floored, torch rounds (a - a mod b) / b, one less where the signs differ, and
 * each of these is stored. So it is also the floored quotient that is off, and rounded.
 */
const STEPS = { trunc: 0.5, floor: 1.5 } as const;

const rounded = (inputs: InputsOf<Signature, Value>, mode: keyof typeof ROUND): Value =>
  mapPairs(together(inputs), (a, b) => ROUND[mode](a / b));

/** Accepts what an arithmetic that rounds to nearest gives. */
function nearest(
  given: InputsOf<Signature, Value>,
  mode: keyof typeof ROUND,
  division: Division,
): Acceptance {
  const inputs = together(given);
  const dtypes = [given.a.dtype, given.b.dtype].flatMap((dtype) => dtype ?? []);
  const asked = {
    mode,
    type: dtypes.length === 2 ? promoted(dtypes) : undefined,
    division,
    isShared: given.b.data.length === 1,
  };
  const right: ReadonlySet<number>[] = [];
  mapPairs(inputs, (a, b) => right.push(roundedQuotients(a, b, asked)));
  return {
    kind: 'codes',
    accepts: (i, actual) => right[i]?.has(actual) === true,
    inBand: right.filter(({ size }) => size > 1).length,
  };
}

/**
 * Accepts every integer that a quotient which is as far off as `error` allows is rounded to; of
 * halves also what storing makes of an integer that the format does not hold. Where a library
 * computes in `halves`, the quotient is off by their steps.
 */
function near(
  given: InputsOf<Signature, Value>,
  mode: keyof typeof ROUND,
  halves: Arithmetic['halves'],
): Acceptance {
  const inputs = together(given);
  const quotients = mapPairs(inputs, (a, b) => a / b);
  const error = mapPairs(inputs, (a, b) => truth.error?.(a, b) as number).data;
  const round = ROUND[mode];
  const stored = given.a.dtype === given.b.dtype ? given.a.dtype : undefined;
  const ends = (i: number) => {
    const quotient = quotients.data[i] as number;
    const off = (error[i] as number) + STEPS[mode] * storageStep(quotient, halves);
    const step = storageStep(quotient, stored);
    const slack = step > 1 ? step / 2 : 0;
    const low = round(quotient - off);
    const high = round(quotient + off);
    if (mode === 'trunc' || !halves) return { low: low - slack, high: high + slack };
    const own = error[i] as number;
    const apart = (quotient < 0 ? 1.5 : 1) * storageStep(quotient, halves);
    return {
      low: Math.min(low, Math.ceil(round(quotient - own) - apart - 0.5)) - slack,
      high: Math.max(high, Math.floor(round(quotient + own) + apart + 0.5)) + slack,
    };
  };
  const accepts = (i: number, actual: number) => {
    const { low, high } = ends(i);
    return Number.isInteger(actual) && actual >= low && actual <= high;
  };
  const inBand = quotients.data.filter((_, i) => ends(i).low !== ends(i).high).length;
  return { kind: 'codes', accepts, inBand };
}

/** The rounded quotient of integers; none is divided by 0: torch refuses that. */
function wholeQuotient(
  { a, b }: InputsOf<Signature, Value>,
  mode: keyof typeof ROUND,
): Value | undefined {
  const type = integerTypeOf([a, b]);
  return (
    type && mapPairs({ a, b }, (x, y) => (y === 0 ? Number.NaN : wrapped(ROUND[mode](x / y), type)))
  );
}

/** Integers as the floats that are divided where the quotient is not rounded. */
const asFloats = ({ a, b }: InputsOf<Signature, Value>) => {
  const round = (x: Value) => (integerTypeOf([x]) ? { ...x, data: x.data.map(Math.fround) } : x);
  return { a: round(a), b: round(b) };
};

const none = ({ shape, data }: Value): Value => ({ shape, data: data.map(() => 0) });

/** Quotients of both signs; with `values` those that are integers, or nearly. */
function sample(
  rounding_mode: keyof typeof ROUND,
  values?: readonly (readonly [a: number, b: number])[],
): SampleOf<Signature> {
  const shape = values ? [values.length] : [16, 32];
  const of = (random: Random, side: 0 | 1, draw: () => number) =>
    hostTensorFrom('f32', shape, values?.map((pair) => pair[side]) ?? random.fill(512, draw));
  return {
    level: 'legal',
    label: { a: formatShape(shape), b: formatShape(shape), rounding_mode },
    params: { rounding_mode },
    inputs: (random) => ({
      a: of(random, 0, () => random.normal(20)),
      b: of(random, 1, () => (2 * random.integer(0, 1) - 1) * random.uniform(0.25, 4)),
    }),
  };
}

const INTEGERS = [
  [7, 2],
  [-7, 2],
  [6, 3],
  [-6, 3],
  [6, 0.1],
  [-1, 0.1],
  [0, 5],
  [1e10, 3],
  [-1e-3, 1],
  [5, -3],
] as const;

const integerSamples = (rounding_mode: keyof typeof ROUND): SampleOf<Signature>[] =>
  INTEGER_SAMPLES.map((sample) => ({
    ...sample,
    label: { ...sample.label, rounding_mode },
    params: { rounding_mode },
  }));

/** Integers whose quotients are floats: the kernel of floats divides them. */
const wholeOperands: SampleOf<Signature> = {
  level: 'legal',
  label: { a: '5', b: '5', dtypes: 'i32,i8' },
  params: {},
  inputs: () => ({
    a: hostTensorFrom('i32', [5], [16777217, -(2 ** 31), 7, 0, -1]),
    b: hostTensorFrom('i8', [5], [3, -128, 2, 5, 127]),
  }),
};

const plain = binaryRecord(signature, truth);

/** torch.div. */
export const record = defineRecord(signature, {
  summary: 'y = a / b, with broadcasting; rounded to an integer where that is asked',
  forward: (inputs, { rounding_mode }) =>
    rounding_mode
      ? { y: wholeQuotient(inputs, rounding_mode) ?? rounded(inputs, rounding_mode) }
      : plain.forward(asFloats(inputs), {}),
  acceptance: (inputs, outputs, { rounding_mode }, arithmetic) => {
    if (!rounding_mode) return plain.acceptance(asFloats(inputs), outputs, {}, arithmetic);
    const whole = wholeQuotient(inputs, rounding_mode)?.data;
    if (whole) {
      const accepts = (i: number, actual: number) =>
        actual === whole[i] || Number.isNaN(whole[i] as number);
      return { y: { kind: 'codes', accepts, inBand: 0 } };
    }
    const { ieee, division = ieee ? 'nearest' : undefined, halves } = arithmetic;
    const y = division
      ? nearest(inputs, rounding_mode, division)
      : near(inputs, rounding_mode, halves);
    return { y };
  },
  intermediates: (inputs, { rounding_mode }, grads) =>
    rounding_mode ? {} : (plain.intermediates?.(inputs, {}, grads) ?? {}),
  foreseen: (steps, inputs, { rounding_mode }, grads) =>
    rounding_mode ? {} : (plain.foreseen?.(steps, inputs, {}, grads) ?? {}),
  vjp: (inputs, { rounding_mode }, grads) =>
    rounding_mode
      ? { a: none(inputs.a), b: none(inputs.b) }
      : (plain.vjp?.(inputs, {}, grads) ?? {}),
  vjpAcceptance: (inputs, gradients, { rounding_mode }, grads, arithmetic) =>
    rounding_mode
      ? { a: { kind: 'exact' }, b: { kind: 'exact' } }
      : (plain.vjpAcceptance?.(inputs, gradients, {}, grads, arithmetic) ?? {}),
  samples: [
    ...(plain.samples as readonly SampleOf<Signature>[]),
    sample('trunc'),
    sample('floor'),
    sample('trunc', INTEGERS),
    sample('floor', INTEGERS),
    ...integerSamples('floor'),
    ...integerSamples('trunc'),
    wholeOperands,
  ],
  faults: [
    ...(plain.faults ?? []),
    {
      name: 'integers added',
      integers: true,
      shader: { file: 'math/integer_div', from: 'pair.a / pair.b', to: 'pair.a + pair.b' },
    },
  ],
  plausibleBugs: [
    ...(plain.plausibleBugs as unknown as readonly PlausibleBugOf<Signature>[]),
    paramsBug('rounded the other way', ({ rounding_mode }) =>
      rounding_mode ? { rounding_mode: rounding_mode === 'floor' ? 'trunc' : 'floor' } : {},
    ),
  ],
});

const smooth = binarySimulation(signature, truth);

export const simulation: Simulation = {
  ...smooth,
  forward: (gpu, inputs, params, variant) => {
    const { y } = smooth.forward(gpu, inputs, {}, variant) as { readonly y: Value };
    const { rounding_mode } = params as ParamsOf<Signature>;
    return { y: rounding_mode ? { ...y, data: y.data.map(ROUND[rounding_mode]) } : y };
  },
};
