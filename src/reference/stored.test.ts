import { expect, test } from 'vitest';
import { judge } from './judge.ts';
import type { Acceptance } from './record.ts';
import { acceptanceOfStored, storingError } from './stored.ts';

const of = (...data: number[]) => ({ shape: [data.length], data: Float64Array.from(data) });
const truth = of(1, 1 / 3, 2048.5);
const within: Acceptance = { kind: 'within', bound: Float64Array.of(0.5, 0.25, 0) };

test('a half that is stored as the nearest is half a step off, of the binade where it may be', () => {
  expect(storingError(1.5, 0, 'bf16', 'nearest')).toBe(2 ** -8);
  expect(storingError(-1.999, 0.01, 'bf16', 'nearest')).toBe(2 ** -7);
  expect(storingError(1.5, 0, 'bf16', 'either')).toBe(2 ** -7);
  expect(storingError(0, 0, 'f16', 'nearest')).toBe(2 ** -25);
  expect(storingError(1.5, 1, 'f32', 'nearest')).toBe(0);
});

test('one rounding of the format comes on top of a bound', () => {
  const { bound } = acceptanceOfStored(within, truth, 'f16', undefined) as { bound: Float64Array };
  expect([...bound]).toEqual([0.5 + 2 ** -10, 0.25 + 2 ** -12, 2]);
});

test('values that the format holds stay equal, others may be rounded', () => {
  const stored = acceptanceOfStored({ kind: 'exact' }, truth, 'bf16', undefined);
  expect((stored as { bound: Float64Array }).bound[0]).toBe(0);
  expect(judge(of(1, 0.333984375, 2048), truth, stored).ok).toBe(true);
  expect(judge(of(1 + 2 ** -7, 0.333984375, 2048), truth, stored).ok).toBe(false);
  expect(judge(of(1, 0.3359375, 2048), truth, stored).ok).toBe(false);
});

test('what is right beside the truth stays so', () => {
  const nearest = (_: number, y: number) => Math.round(y);
  const stored = acceptanceOfStored({ ...within, nearest } as Acceptance, truth, 'f16', undefined);
  expect(judge(of(7, 9, -3), truth, stored).ok).toBe(true);
});

test('nothing is added for float32, for codes and for formats that the record knows', () => {
  expect(acceptanceOfStored(within, truth, 'f32', undefined)).toBe(within);
  expect(acceptanceOfStored(within, truth, undefined, undefined)).toBe(within);
  expect(acceptanceOfStored(within, truth, 'f16', { dtypes: ['f32', 'f16'] })).toBe(within);
  expect(acceptanceOfStored(within, truth, 'f16', { dtypes: ['f32'] })).not.toBe(within);
  const codes: Acceptance = { kind: 'codes', accepts: () => true, inBand: 0 };
  expect(acceptanceOfStored(codes, truth, 'bf16', undefined)).toBe(codes);
});
