import { describe, expect, test } from 'vitest';
import { packSlices } from '../../quant/packing/row-slices.ts';
import { Random } from '../../tensor/random.ts';
import { HQQ_WORDS, hqqQuantize } from '../../vocabulary/quant/hqq_quantize.ts';
import { completed, type GivenParams } from '../../vocabulary/signature.ts';
import { isRight } from '../judge.ts';
import type { Acceptance, Value, Values } from '../record.ts';
import { record } from './hqq_quantize.ts';
import { codeOf, groupsOf, nearestInverse, rangesOf } from './hqq-groups.ts';

type Given = GivenParams<typeof hqqQuantize>;
/** Adds numbers up in float32. */
type Sum = (x: readonly number[]) => number;

const f = Math.fround;
const inSequence: Sum = (x) => x.reduce((sum, y) => f(sum + y), 0);
const pairwise: Sum = (x) => {
  if (x.length < 3) return inSequence(x);
  const middle = Math.ceil(x.length / 2);
  return f(pairwise(x.slice(0, middle)) + pairwise(x.slice(middle)));
};

/** What HQQ computes in float32, each operation rounded, up to so many passes. */
function library(weight: Value, given: Given, sum: Sum, most = 20): Values {
  const params = completed(hqqQuantize, given);
  const groups = groupsOf(weight, params);
  const { x, count, size, place, top, groupOf } = groups;
  const ranges = rangesOf(groups);
  const inverse = ranges.map((range) => nearestInverse(range, top));
  let zero = ranges.map(({ low }, j) => f(-low * (inverse[j] as number)));
  const codeAt = (i: number) => {
    const j = groupOf(i);
    return codeOf(f(f((x[i] as number) * (inverse[j] as number)) + (zero[j] as number)), top);
  };
  let previous = zero;
  let best = Number.POSITIVE_INFINITY;
  for (let pass = 0; pass < Math.min(params.iters, most); pass++) {
    const errors: number[] = [];
    const after = zero.map((before, j) => {
      const terms = Array.from({ length: size }, (_, k) => {
        const i = place(j, k);
        const w = x[i] as number;
        const code = codeAt(i);
        const e = f(w - f(f(code - before) / (inverse[j] as number)));
        errors.push(Math.abs(e));
        const power = f(Math.abs(e) ** f(params.lp_norm - 1));
        const left = Math.max(f(Math.abs(e) - f(f(1 / params.beta) * power)), 0);
        return f(code - f(f(w - Math.sign(e) * left) * (inverse[j] as number)));
      });
      return f(sum(terms) / size);
    });
    previous = zero;
    zero = after;
    const error = f(sum(errors) / x.length);
    if (!(error < best)) break;
    best = error;
  }
  const scale = inverse.map((factor) => f(1 / factor));
  const codes = x.map((_, i) => codeAt(i));
  const dequant = codes.map((code, i) =>
    f(f(code - (zero[groupOf(i)] as number)) * (scale[groupOf(i)] as number)),
  );
  const rows = params.axis === 1 ? count : size;
  const words = HQQ_WORDS[params.nbits];
  const packed = packSlices(codes, (Math.ceil(rows / words.rows) * x.length) / rows, words);
  const of = (data: ArrayLike<number>): Value => ({
    shape: [data.length],
    dtype: 'f32',
    data: Float64Array.from(data),
  });
  return {
    packed: of(packed),
    unpacked: of(codes),
    scale: of(scale),
    zero: of(zero),
    dequant: of(dequant),
    previous_zero: of(previous),
  };
}

const LIBRARY = { depth: (terms: number) => terms + 2, ieee: false };

/** Names of what is wrong of an answer. */
function wrongIn(weight: Value, given: Given, answer: Values, ieee = false): readonly string[] {
  const params = completed(hqqQuantize, given);
  const asked = record.forwardFrom?.({ weight }, answer, params) as Values;
  const accepted = record.acceptance({ weight }, asked, params, { ...LIBRARY, ieee });
  return Object.entries(answer).flatMap(([name, { data }]) => {
    const acceptance = accepted[name as keyof typeof accepted] as Acceptance;
    const right = (y: number, i: number) => isRight(i, y, asked[name] as Value, acceptance);
    return data.every(right) ? [] : [name];
  });
}

const changed = (answer: Values, name: string, i: number, to: (y: number) => number): Values => {
  const value = answer[name] as Value;
  return { ...answer, [name]: { ...value, data: value.data.with(i, to(value.data[i] as number)) } };
};
const asRecorded = ({ previous_zero: _, ...answer }: Values): Values => answer;

const normal = (seed: number, n: number, scale: number): Value => {
  const random = new Random(seed);
  return { shape: [n], data: Float64Array.from({ length: n }, () => f(random.normal(scale))) };
};
/** Many levels are half way between two codes. */
const coarse = (seed: number, n: number): Value => {
  const random = new Random(seed);
  return { shape: [n], data: Float64Array.from({ length: n }, () => random.integer(-16, 16) / 16) };
};

const EVERY = ([8, 6, 5, 4, 3, 2, 1.58, 1] as const).flatMap((nbits) =>
  ([0, 1] as const).map((axis) => ({ nbits, axis, group_size: 16 })),
);

describe('a library that adds up in another order is right', () => {
  test.each(EVERY)('$nbits bits, axis $axis', (given) => {
    for (const seed of [1, 2, 3]) {
      for (const weight of [normal(seed, 320, 0.05), normal(seed, 320, 2), coarse(seed, 320)]) {
        for (const sum of [inSequence, pairwise]) {
          const answer = library(weight, given, sum);
          expect(wrongIn(weight, given, answer)).toEqual([]);
          expect(wrongIn(weight, given, answer, true)).toEqual([]);
          expect(wrongIn(weight, given, asRecorded(answer))).toEqual([]);
        }
      }
    }
  });
});

describe('what is wrong is seen', () => {
  const weight = normal(4, 640, 0.05);
  const given = { axis: 1, group_size: 64 } as const;
  const answer = library(weight, given, pairwise);
  const recorded = asRecorded(answer);

  test('a code that is one more or one less', () => {
    for (let i = 0; i < 640; i += 7) {
      const next = (code: number) => (code === 15 ? 14 : code + 1);
      const wrong = wrongIn(weight, given, changed(recorded, 'unpacked', i, next));
      expect(wrong).toEqual(['unpacked']);
    }
  });

  test('a word with one bit that is another, and the codes alone', () => {
    for (let i = 0; i < 320; i += 7) {
      const flipped = changed(recorded, 'packed', i, (word) => word ^ (1 << (i % 8)));
      expect(wrongIn(weight, given, flipped)).toEqual(['packed']);
      const { unpacked: _, ...alone } = flipped;
      expect(wrongIn(weight, given, alone)).toContain('packed');
    }
  });

  test('a scale, by 8 units, and in IEEE arithmetic by one', () => {
    const off = (units: number) =>
      changed(answer, 'scale', 3, (y) => f(y * (1 + units * 2 ** -23)));
    expect(wrongIn(weight, given, off(8))).toContain('scale');
    expect(wrongIn(weight, given, off(1))).not.toContain('scale');
    expect(wrongIn(weight, given, off(1), true)).toContain('scale');
  });

  test('a zero, beside that of the last pass before or beside what it makes', () => {
    const off = (from: Values) => changed(from, 'zero', 3, (z) => f(z * (1 + 1e-4)));
    expect(wrongIn(weight, given, off(answer))).toContain('zero');
    expect(wrongIn(weight, given, off(recorded))).toContain('zero');
  });

  test.each([0, 63, 64, 639])('a zero by what element %i decodes to', (i) => {
    const off = changed(recorded, 'dequant', i, (y) => f(y * 1.01 + 1e-3));
    expect(wrongIn(weight, given, off)).toEqual(['zero', 'dequant']);
  });

  test('a zero from which the last pass did not begin', () => {
    const off = changed(answer, 'previous_zero', 3, (z) => f(z * (1 + 1e-3)));
    expect(wrongIn(weight, given, off)).toContain('previous_zero');
  });

  test('a solver that ends too early', () => {
    const early = library(weight, given, pairwise, 2);
    expect(wrongIn(weight, given, early)).toContain('previous_zero');
  });

  test('zeros that no solver refined', () => {
    const two = { nbits: 2, axis: 1, group_size: 64 } as const;
    const plain = asRecorded(library(weight, two, pairwise, 0));
    expect(wrongIn(weight, two, plain)).toEqual(['zero']);
    expect(wrongIn(weight, { ...two, optimize: false }, plain)).toEqual([]);
  });
});

test('of a group whose range is no divisor nothing is asked', () => {
  const weight = { shape: [4], data: Float64Array.of(-3e38, 3e38, 1, 2) };
  const given = { axis: 1, group_size: 2, optimize: false } as const;
  const answer = library(weight, given, inSequence, 0);
  const { previous_zero: _, ...outputs } = changed(answer, 'zero', 0, () => 5);
  expect(wrongIn(weight, given, outputs)).not.toContain('zero');
});

test('another packing is not computed', () => {
  const of = (packing: string) =>
    record.unsupported?.({}, completed(hqqQuantize, { nbits: 3, packing }));
  expect([of('3bit_32'), of('2bit_u8')]).toEqual([
    undefined,
    'packing 2bit_u8 of 3 bits, only 3bit_32',
  ]);
});
