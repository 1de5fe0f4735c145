import { describe, expect, test } from 'vitest';
import { quantizeNbits } from '../../vocabulary/quant/quantize_nbits.ts';
import { completed, type GivenParams } from '../../vocabulary/signature.ts';
import { isRight } from '../judge.ts';
import type { Acceptance, Arithmetic, Value, Values } from '../record.ts';
import { record } from './quantize_nbits.ts';

type Given = GivenParams<typeof quantizeNbits>;

/** A row of numbers. */
const row = (...data: readonly number[]): Value => ({
  shape: [1, data.length],
  data: Float64Array.from(data),
});

const paramsOf = (given: Given) => completed(quantizeNbits, { block_size: 16, ...given });

const made = (weight: Value, given: Given): Values =>
  record.forward({ weight }, paramsOf(given)) as Values;

/** Names of what is wrong of an answer, in arithmetic that is not IEEE's unless it is told. */
function wrongIn(
  weight: Value,
  given: Given,
  answer: Values,
  known: Partial<Arithmetic> = {},
): readonly string[] {
  const params = paramsOf(given);
  const asked = record.forwardChosen?.({ weight }, answer, params) as Values;
  const arithmetic = { depth: (terms: number) => terms, ieee: false, ...known };
  const accepted = record.acceptance({ weight }, asked, params, arithmetic);
  return Object.entries(answer).flatMap(([name, { data }]) => {
    const acceptance = accepted[name as keyof typeof accepted] as Acceptance;
    return data.every((y, i) => isRight(i, y, asked[name] as Value, acceptance)) ? [] : [name];
  });
}

function changed(answer: Values, name: string, i: number, to: (y: number) => number): Values {
  const value = answer[name] as Value;
  return { ...answer, [name]: { ...value, data: value.data.with(i, to(value.data[i] as number)) } };
}

const IEEE = { ieee: true } as const;

describe('with zero points', () => {
  // The range is 15 steps of 1 from -5.
  const weight = row(-5, 10, 0, 0.5, -0.5, 2.5, 3.25);
  const answer = made(weight, { bits: 4 });

  test('halves go away from zero, counted from the lowest code', () => {
    expect([...(answer['scales']?.data ?? [])]).toEqual([1]);
    // The other nibble is of no block: the middle code.
    expect([...(answer['zero_points']?.data ?? [])]).toEqual([0x85]);
    expect([...(answer['packed']?.data ?? [])]).toEqual([0xf0, 0x65, 0x85, 0x08, 0, 0, 0, 0]);
  });

  test('the answer is right, and no code beside one is', () => {
    expect(wrongIn(weight, { bits: 4 }, answer)).toEqual([]);
    expect(wrongIn(weight, { bits: 4 }, answer, IEEE)).toEqual([]);
    for (const [k, bit] of [
      [0, 1],
      [0, 16],
      [3, 1],
    ] as const)
      expect(
        wrongIn(
          weight,
          { bits: 4 },
          changed(answer, 'packed', k, (byte) => byte ^ bit),
        ),
      ).toEqual(['packed']);
  });

  test('at a tie either neighbour is right where arithmetic is not IEEE', () => {
    const below = changed(answer, 'packed', 1, (byte) => byte - 16);
    expect(wrongIn(weight, { bits: 4 }, below)).toEqual([]);
    expect(wrongIn(weight, { bits: 4 }, below, IEEE)).toEqual(['packed']);
  });

  test('another zero point is wrong, and so is what fills its byte up', () => {
    const other = changed(answer, 'zero_points', 0, () => 0x86);
    expect(wrongIn(weight, { bits: 4 }, other)).toEqual(['zero_points']);
    const filling = changed(answer, 'zero_points', 0, () => 0x95);
    expect(wrongIn(weight, { bits: 4 }, filling)).toEqual(['zero_points']);
  });

  test('past the end codes are 0, or of libraries what the byte before has there', () => {
    const past = (byte: number, code: number) =>
      changed(answer, 'packed', byte, (before) => before + code);
    const wrongOf = (answer: Values, known: Partial<Arithmetic>) =>
      wrongIn(weight, { bits: 4 }, answer, known);
    const theirs = { otherFormulas: true };
    expect(wrongOf(past(3, 0x80), theirs)).toEqual([]);
    expect(wrongOf(past(3, 0x80), {})).toEqual(['packed']);
    for (const other of [past(3, 0x70), past(3, 0x90), past(4, 0x80), past(4, 1)])
      expect(wrongOf(other, theirs)).toEqual(['packed']);
  });

  test('all rows of libraries are filled up so, or none', () => {
    const two: Value = { shape: [2, 7], data: Float64Array.of(...weight.data, ...weight.data) };
    const repeated = (...rows: readonly number[]) =>
      rows.reduce(
        (all, r) => changed(all, 'packed', 8 * r + 3, (byte) => byte + 0x80),
        made(two, { bits: 4 }),
      );
    const wrongOf = (...rows: readonly number[]) =>
      wrongIn(two, { bits: 4 }, repeated(...rows), { otherFormulas: true });
    expect([wrongOf(), wrongOf(0, 1)]).toEqual([[], []]);
    expect([wrongOf(0), wrongOf(1)]).toEqual([['packed'], ['packed']]);
  });

  test.each([
    [17, true],
    [33, false],
    [49, true],
  ])('of %i columns the byte before is one of the same two blocks: %s', (columns, isSame) => {
    const ends = row(...Array.from({ length: columns }, (_, i) => (i % 2 === 0 ? -1 : 2)));
    const made4 = made(ends, { bits: 4 });
    const last = (columns - 1) / 2;
    const repeated = changed(made4, 'packed', last, (byte) => byte + 0xf0);
    expect(made4['packed']?.data[last - 1]).toBe(0xf0);
    const wrong = wrongIn(ends, { bits: 4 }, repeated, { otherFormulas: true });
    expect(wrong).toEqual(isSame ? [] : ['packed']);
  });

  test('a scale by two units is right, by eight not, and by IEEE arithmetic by none', () => {
    const off = (units: number) =>
      changed(answer, 'scales', 0, (scale) => scale * (1 + units * 2 ** -23));
    expect(wrongIn(weight, { bits: 4 }, off(2))).toEqual([]);
    expect(wrongIn(weight, { bits: 4 }, off(8))).toEqual(['scales']);
    expect(wrongIn(weight, { bits: 4 }, off(1), IEEE)).toEqual(['scales']);
  });
});

describe('symmetric', () => {
  test('of two largest the negative one counts, and there are no zero points', () => {
    const answer = made(row(8, -8, 1), { bits: 4, symmetric: true });
    expect(Object.keys(answer)).toEqual(['packed', 'scales']);
    expect(answer['scales']?.data[0]).toBe(1);
    expect([...(answer['packed']?.data.subarray(0, 2) ?? [])]).toEqual([0x0f, 0x09]);
  });

  test('a positive one has a negative scale', () => {
    const answer = made(row(8, -4, 1), { bits: 4, symmetric: true });
    expect(answer['scales']?.data[0]).toBe(-1);
    expect([...(answer['packed']?.data.subarray(0, 2) ?? [])]).toEqual([0xc0, 0x07]);
  });
});

test('a block of zeros has codes of its zero point, and nothing else is right', () => {
  const zeros = row(...new Array<number>(16).fill(0));
  const answer = made(zeros, { bits: 8 });
  expect([...(answer['packed']?.data ?? [])]).toEqual(new Array(16).fill(0));
  expect(answer['zero_points']?.data[0]).toBe(0);
  expect(
    wrongIn(
      zeros,
      { bits: 8 },
      changed(answer, 'packed', 3, () => 1),
    ),
  ).toEqual(['packed']);
  const middle = made(zeros, { bits: 8, symmetric: true });
  expect([...(middle['packed']?.data ?? [])]).toEqual(new Array(16).fill(128));
});

test('where float32 has no normal number for the scale every code is right', () => {
  const tiny = row(2 ** -130, -(2 ** -131), 0);
  const answer = made(tiny, { bits: 8 });
  const other = changed(answer, 'packed', 0, () => 200);
  expect(wrongIn(tiny, { bits: 8 }, other, IEEE)).toEqual([]);
  expect(
    wrongIn(
      tiny,
      { bits: 8 },
      changed(answer, 'packed', 0, () => 256),
    ),
  ).toEqual(['packed']);
});

describe('halves', () => {
  const half = (dtype: 'f16' | 'bf16'): Value => ({ ...row(1, 0.5625, 0.34375), dtype });

  test('of a weight in f16 codes are by the scale as a half', () => {
    const answer = made(half('f16'), { bits: 8 });
    // 1 / 255 rounded to eleven bits.
    const scale = Math.round(2 ** 18 / 255) / 2 ** 18;
    expect(answer['scales']?.data[0]).toBe(scale);
    expect(answer['packed']?.data[1]).toBe(Math.round(0.5625 / scale));
  });

  test('in bf16 by that in float32, which is rounded afterwards', () => {
    const answer = made(half('bf16'), { bits: 8 });
    expect(answer['scales']?.data[0]).toBe(Math.round(2 ** 15 / 255) / 2 ** 15);
    expect(answer['packed']?.data[1]).toBe(Math.round(0.5625 * 255));
  });
});
