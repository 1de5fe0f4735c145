import { describe, expect, test } from 'vitest';
import { mapped } from '../../graph/call.ts';
import { Random } from '../../tensor/random.ts';
import { isRight } from '../judge.ts';
import type { Acceptance, Value, Values } from '../record.ts';
import { record } from './hqq_quantize.ts';

const random = new Random(5);
/** 128 groups of five. */
const weight: Value = {
  shape: [128, 5],
  data: Float64Array.from({ length: 640 }, () => Math.fround(random.normal(0.05))),
};
const params = { nbits: 3, axis: 1, group_size: 5, quant_zero: true, quant_scale: true } as const;
const FLOATS = ['scale', 'zero', 'dequant', 'previous_zero', 'meta_zero_scale', 'meta_zero_zero'];

/** The oracle's answer as a party stores it. */
const answer: Values = mapped(record.forward({ weight }, params) as Values, (value, name) =>
  FLOATS.includes(name) || name.startsWith('meta_')
    ? { ...value, data: value.data.map(Math.fround) }
    : value,
);

/** Names of what is wrong of an answer. */
function wrongIn(given: Values): readonly string[] {
  const asked = record.forwardFrom?.({ weight }, given, params) as Values;
  const arithmetic = { depth: (terms: number) => terms, ieee: false };
  const accepted = record.acceptance({ weight }, asked, params, arithmetic);
  return Object.entries(given).flatMap(([name, { data }]) => {
    if (!(name in accepted)) return [];
    const acceptance = accepted[name as keyof typeof accepted] as Acceptance;
    const right = (y: number, i: number) => isRight(i, y, asked[name] as Value, acceptance);
    return data.every(right) ? [] : [name];
  });
}

const changed = (name: string, i: number, to: (y: number) => number): Values => {
  const value = answer[name] as Value;
  return { ...answer, [name]: { ...value, data: value.data.with(i, to(value.data[i] as number)) } };
};

test('what the oracle gives is right', () => {
  expect(answer['zero_q']?.shape).toEqual([128, 1]);
  expect(answer['scale_q']?.shape).toEqual([128, 1]);
  expect(answer['meta_scale_zero']?.shape).toEqual([1, 1]);
  expect(answer['meta_zero_zero']?.shape).toEqual([1]);
  expect(wrongIn(answer)).toEqual([]);
});

describe('what is wrong is seen', () => {
  test.each(['zero_q', 'scale_q'])('a code of %s that is one more or one less', (name) => {
    for (let i = 0; i < 128; i += 7)
      expect(wrongIn(changed(name, i, (code) => (code === 255 ? 254 : code + 1)))).toContain(name);
  });

  test.each(['meta_zero_scale', 'meta_scale_scale'])('%s by 8 units', (name) => {
    expect(wrongIn(changed(name, 0, (y) => y * (1 + 8 * 2 ** -23)))).toContain(name);
  });

  test.each(['meta_zero_zero', 'meta_scale_zero'])('%s by 1e-5', (name) => {
    expect(wrongIn(changed(name, 0, (y) => y * (1 + 1e-5)))).toContain(name);
  });

  test('a weight that is decoded with the zeros and scales before', () => {
    const { scale, zero, unpacked, dequant } = answer as Record<string, Value>;
    const data = (unpacked as Value).data.map((code, i) => {
      const j = Math.floor(i / 5);
      return Math.fround((code - (zero?.data[j] as number)) * (scale?.data[j] as number));
    });
    expect(wrongIn({ ...answer, dequant: { ...(dequant as Value), data } })).toEqual(['dequant']);
  });
});

test('of zeros that a recording does not hold no code follows', () => {
  const { zero, zero_q, previous_zero: _, ...others } = answer as Record<string, Value>;
  const data = (zero_q as Value).data.map((code) => 255 - code);
  expect(zero).toBeDefined();
  expect(wrongIn({ ...others, zero_q: { ...(zero_q as Value), data } })).toEqual([]);
});
