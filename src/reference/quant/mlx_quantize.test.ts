import { describe, expect, test } from 'vitest';
import { Random } from '../../tensor/random.ts';
import { rint } from '../../tensor/rint.ts';
import { mlxQuantize } from '../../vocabulary/quant/mlx_quantize.ts';
import { completed, type GivenParams } from '../../vocabulary/signature.ts';
import { isRight } from '../judge.ts';
import type { Acceptance, Value, Values } from '../record.ts';
import { record } from './mlx_quantize.ts';

type Given = GivenParams<typeof mlxQuantize>;

const f = Math.fround;

function drawn(seed: number, rows: number, cols: number): Value {
  const random = new Random(seed);
  const data = Float64Array.from({ length: rows * cols }, () => f(random.normal(1)));
  return { shape: [rows, cols], data };
}

const outputsOf = (weight: Value, given: Given): Values =>
  record.forward({ weight }, completed(mlxQuantize, given)) as Values;

/** Names of what is wrong of an answer. */
function wrongIn(weight: Value, given: Given, answer: Values, ieee = false): readonly string[] {
  const params = completed(mlxQuantize, given);
  const asked = record.forwardChosen?.({ weight }, answer, params) as Values;
  const arithmetic = { depth: (terms: number) => terms, ieee };
  const accepted = record.acceptance({ weight }, asked, params, arithmetic);
  return Object.entries(answer).flatMap(([name, { data }]) => {
    const acceptance = accepted[name as keyof typeof accepted] as Acceptance;
    return data.every((y, i) => isRight(i, y, asked[name] as Value, acceptance)) ? [] : [name];
  });
}

const changed = (answer: Values, name: string, i: number, to: (y: number) => number): Values => {
  const value = answer[name] as Value;
  return { ...answer, [name]: { ...value, data: value.data.with(i, to(value.data[i] as number)) } };
};

/** mlx.core.quantize's affine mode, each operation rounded to float32. */
function affine(group: readonly number[], bits: number) {
  const low = Math.min(...group);
  const high = Math.max(...group);
  const top = 2 ** bits - 1;
  const width = Math.max(f(f(high - low) / top), f(1e-7));
  const isLow = Math.abs(low) > Math.abs(high);
  const step = isLow ? width : -width;
  const edge = isLow ? low : high;
  const steps = rint(f(edge / step));
  const scale = steps === 0 ? step : f(edge / steps);
  const bias = steps === 0 ? 0 : edge;
  return {
    scale,
    bias,
    dequant: group.map((x) => {
      const code = Math.min(Math.max(rint(f(f(x - bias) / scale)), 0), top);
      return f(f(code * scale) + bias);
    }),
  };
}

const AFFINE = ([2, 3, 4, 5, 6, 8] as const).flatMap((bits) =>
  ([32, 64] as const).map((group_size) => ({ bits, group_size })),
);

describe.each(AFFINE)('affine codes of $bits bits, groups of $group_size', (given) => {
  const weight = drawn(7, 3, 128);
  const answer = outputsOf(weight, given);

  test('are those of the library’s formula, each operation rounded', () => {
    for (let g = 0; g < (3 * 128) / given.group_size; g++) {
      const [first, end] = [g, g + 1].map((at) => at * given.group_size);
      const expected = affine([...weight.data.subarray(first, end)], given.bits);
      expect(answer.scales?.data[g]).toBe(expected.scale);
      expect(answer.biases?.data[g]).toBe(expected.bias);
      expect([...(answer.dequant?.data.subarray(first, end) ?? [])]).toEqual(expected.dequant);
    }
  });

  test('are right, and another bit of a word is not', () => {
    expect(wrongIn(weight, given, answer)).toEqual([]);
    expect(wrongIn(weight, given, answer, true)).toEqual([]);
    for (let w = 0; w < (answer.packed?.data.length ?? 0); w += 3)
      expect(
        wrongIn(
          weight,
          given,
          changed(answer, 'packed', w, (word) => word ^ 2),
        ),
      ).toContain('packed');
  });

  test('a scale by 8 units is wrong, and in IEEE arithmetic by one', () => {
    const off = (units: number) =>
      changed(answer, 'scales', 1, (y) => f(y * (1 + units * 2 ** -23)));
    expect(wrongIn(weight, given, off(8))).toContain('scales');
    expect(wrongIn(weight, given, off(1), true)).toContain('scales');
    const { dequant: _, packed: _packed, ...parts } = off(1);
    expect(wrongIn(weight, given, parts)).toEqual([]);
  });
});

describe('a level half way between two codes', () => {
  // The range is 15 steps of 1 from -15, and 0.5 is half way between the codes 15 and 16.
  const weight: Value = {
    shape: [1, 32],
    data: Float64Array.from({ length: 32 }, (_, i) => [-15, 0, -7.5, -3.25][i % 4] as number),
  };
  const given = { bits: 4, group_size: 32 } as const;
  const answer = outputsOf(weight, given);

  test('goes to the even code, where IEEE arithmetic is shown to it alone', () => {
    const codes = [0, 15, 8, 12, 0, 15, 8, 12];
    const word = codes.reduceRight((all, code) => (all << 4) | code, 0);
    expect([...(answer.packed?.data ?? [])]).toEqual([word, word, word, word]);
    const other = changed(answer, 'packed', 0, (all) => all ^ 0xf00);
    expect(other.packed?.data[0]).toBe(codes.with(2, 7).reduceRight((all, c) => (all << 4) | c, 0));
    const { packed } = other;
    const alone = { packed } as Values;
    expect(wrongIn(weight, given, alone)).toEqual([]);
    expect(wrongIn(weight, given, alone, true)).toEqual(['packed']);
  });
});

test('a group of one number over and over has steps of 1e-7 at least', () => {
  const weight: Value = { shape: [1, 32], data: new Float64Array(32).fill(0) };
  const { scales, biases, packed } = outputsOf(weight, { bits: 4, group_size: 32 });
  expect([scales?.data[0], biases?.data[0]]).toEqual([-f(1e-7), 0]);
  expect([...(packed?.data ?? [])]).toEqual([0, 0, 0, 0]);
});

describe.each([
  { mode: 'mxfp4', bits: 4, group_size: 32, most: 6 },
  { mode: 'mxfp8', bits: 8, group_size: 32, most: 448 },
  { mode: 'nvfp4', bits: 4, group_size: 16, most: 6 },
] as const)('$mode', ({ most, ...given }) => {
  const weight = drawn(11, 2, 64);
  const answer = outputsOf(weight, given);

  test('no element is beyond the scale’s largest, and all are near', () => {
    for (const [i, y] of answer.dequant?.data.entries() ?? [])
      expect(Math.abs(y - (weight.data[i] as number))).toBeLessThan(0.51);
    expect(wrongIn(weight, given, answer, true)).toEqual([]);
  });

  test('a scale and a code that differ by one are wrong', () => {
    expect(
      wrongIn(
        weight,
        given,
        changed(answer, 'scales', 1, (y) => y + 1),
      ),
    ).toContain('scales');
    expect(
      wrongIn(
        weight,
        given,
        changed(answer, 'packed', 2, (y) => y ^ 2),
      ),
    ).toContain('packed');
  });

  test('the scale takes the largest element, as small as it can be', () => {
    const group = (largest: number): Value => ({
      shape: [1, given.group_size],
      data: Float64Array.from({ length: given.group_size }, (_, i) => (i === 3 ? largest : 0)),
    });
    const scaleOf = (largest: number) => outputsOf(group(largest), given).scales?.data[0];
    const expected = given.mode === 'nvfp4' ? [56, 57, 0] : [127, 128, 127];
    const next = given.mode === 'nvfp4' ? most * 1.125 : f(most * (1 + 2 ** -23));
    expect([scaleOf(most), scaleOf(next), scaleOf(0)]).toEqual(expected);
    expect(scaleOf(most / 2)).toBe(given.mode === 'nvfp4' ? 48 : 126);
  });
});
