import { expect, test } from 'vitest';
import { EPS, FLUSH } from '../../bounds.ts';
import type { Value } from '../../record.ts';
import { gainsWithErrors, magnitudeError, normErrors, normsOf, rescaled } from './dora.ts';
import { stagesOf } from './stages.ts';

const of = (shape: readonly number[], ...data: readonly number[]): Value => ({
  shape,
  data: Float64Array.from(data),
});

test('gains are quotients, off by the share of the norm and 2.5 units', () => {
  const norms = { values: Float64Array.of(4, 2, 1), errors: Float64Array.of(1, 0, 0.5) };
  const { values, errors } = gainsWithErrors(of([3], 8, -3, 5), norms);
  expect([...values]).toEqual([2, -1.5, 5]);
  // A fourth of 4 is a third of what may be left; half may leave nothing.
  expect([...errors]).toEqual([
    expect.closeTo(2 * (1 / 3 + 2.5 * EPS), 12),
    1.5 * 2.5 * EPS + FLUSH,
    Number.POSITIVE_INFINITY,
  ]);
  const near = { values: Float64Array.of(1, 1), errors: Float64Array.of(0.5 - EPS, 0.5002) };
  const [below, above] = gainsWithErrors(of([2], 1, 1), near).errors;
  expect(below).toBeCloseTo(1, 5);
  expect(above).toBe(Number.POSITIVE_INFINITY);
});

test('gains are those of the columns', () => {
  const rows = rescaled(of([2, 3], 1, 2, 3, 4, 5, 6), Float64Array.of(10, 20, 30));
  expect(rows).toEqual(of([2, 3], 10, 40, 90, 40, 100, 180));
});

test('a norm of tiny weights is off by what flushes cost its squares', () => {
  const tiny = 2 ** -55;
  const stages = stagesOf(
    {
      x: of([1, 2], 0, 0),
      lora_A: of([1, 2], 0, 0),
      lora_B: of([1, 1], 0),
      weight: of([1, 2], tiny, tiny),
    } as never,
    { base: 'dense', alpha: 1, r: 1, use_rslora: false } as never,
  );
  const norms = normsOf(stages);
  expect(norms[0]).toBeCloseTo(Math.SQRT2 * tiny, 30);
  const exact = () => 0;
  const [error] = normErrors(stages, norms, exact);
  // Each square: two units of EPS w^2, and two flushes.
  const total = 2 * (2 * tiny * EPS * tiny + (EPS * tiny) ** 2 + 2 * FLUSH);
  const norm = Math.SQRT2 * tiny;
  const root = total / (norm + Math.sqrt(norm * norm - total)) + 4.5 * EPS * norm;
  expect((error as number) / root).toBeCloseTo(1, 12);
});

test('a norm whose squares may all be error has no bound', () => {
  const zero = stagesOf(
    {
      x: of([1, 2], 0, 0),
      lora_A: of([1, 2], 0, 0),
      lora_B: of([1, 1], 0),
      weight: of([1, 2], 0, 0),
    } as never,
    { base: 'dense', alpha: 1, r: 1, use_rslora: false } as never,
  );
  // Of two elements four flushes, 2^-124.
  const errorAt = (norm: number) => normErrors(zero, Float64Array.of(norm), () => 0)[0] as number;
  expect(errorAt(2 ** -62)).toBe(Number.POSITIVE_INFINITY);
  const root = 2 ** -124 / (2 ** -61 + Math.sqrt(2 ** -122 - 2 ** -124));
  expect(errorAt(2 ** -61) / root).toBeCloseTo(1, 5);
});

test('a magnitude whose norm may be nothing has a gradient without a bound', () => {
  const norms = { values: Float64Array.of(2, 2), errors: Float64Array.of(2, 1) };
  const zeros = of([1, 2], 0, 0);
  const errors = magnitudeError(zeros, zeros, zeros, norms, () => 0);
  // Where one is left, two flushes of products and one of the sum.
  expect([...errors]).toEqual([Number.POSITIVE_INFINITY, 3 * FLUSH]);
});

test('a weight that its base needs and that is not there is named', () => {
  const given = { x: of([1, 1], 1), lora_A: of([1, 1], 1), lora_B: of([1, 1], 1) } as never;
  const params = (base: string) => ({ base, alpha: 1, r: 1, use_rslora: false }) as never;
  expect(() => stagesOf(given, params('dense'))).toThrow(
    'the weight of a base in dense is missing',
  );
  expect(() => stagesOf(given, params('nf4'))).toThrow('the weight of a base in nf4 is missing');
});
