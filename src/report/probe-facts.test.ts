import { expect, test } from 'vitest';
import type { Probe } from '../gpu/probe.ts';
import { probeFacts } from './probe-facts.ts';

const probe: Probe = {
  rounding: 'nearest',
  denormals: 'flushed',
  contraction: 'none',
  exactDivision: true,
  exactSqrt: true,
  keepsInfNaN: true,
  pack2x16float: 'nearest',
  pack2x16floatOverflow: 'garbage',
  passesDenormals: 'copy',
  passesNonFinite: 'all',
  comparesNaN: false,
  overflowWord: 0x7f800000,
  quads: 'neighbours',
  subgroupSize: 4,
  timestampQuantumNs: 65_536,
  tookMs: 12,
};

/** Every value that a field of the probe may have. */
const VALUES: { readonly [K in keyof Omit<Probe, 'tookMs'>]: readonly Probe[K][] } = {
  rounding: ['nearest', 'truncating', 'other'],
  denormals: ['kept', 'flushed-in', 'flushed-out', 'flushed'],
  contraction: ['fused', 'none'],
  exactDivision: [true, false],
  exactSqrt: [true, false],
  keepsInfNaN: [true, false],
  pack2x16float: ['nearest', 'other'],
  pack2x16floatOverflow: ['infinity', 'clamped', 'garbage'],
  passesDenormals: ['all', 'copy, product', 'copy, sum', 'copy', 'none', 'other'],
  passesNonFinite: ['all', 'copy, product', 'copy, sum', 'copy', 'none', 'other'],
  comparesNaN: [true, false],
  overflowWord: [0x7f800000, 0x7f7fffff],
  quads: ['neighbours', 'scattered', 'none'],
  subgroupSize: [4, null],
  timestampQuantumNs: [65_536, 1, null],
};

test.each(Object.entries(VALUES))('every value of %s has words of its own', (key, values) => {
  const told = values.map((value) => probeFacts({ ...probe, [key]: value }));
  for (const facts of told) {
    expect(facts).toHaveLength(Object.keys(VALUES).length);
    for (const { name, found, means } of facts)
      expect([name, found, means].every((text) => text.length > 3)).toBe(true);
  }
  expect(new Set(told.map((facts) => JSON.stringify(facts))).size).toBe(values.length);
});

test('unknown values are left out', () => {
  expect(probeFacts({ rounding: 'sideways', colour: 'blue' })).toEqual([]);
});

test('tells a clock in its own unit', () => {
  expect(probeFacts({ ...probe }).find(({ name }) => name === 'Clock of the chip')?.found).toBe(
    'steps of 65.5 µs',
  );
});

test('the arithmetic comes first, what is measured last', () => {
  expect(
    probeFacts({ ...probe }).map(({ key, name, found }) => `${key}: ${name}: ${found}`),
  ).toEqual([
    'rounding: Rounding of sums: to the nearest number',
    'denormals: Numbers below 2^-126: become 0',
    'contraction: a·b + c: rounded twice',
    'exactDivision: Division: exact: the nearest number',
    'exactSqrt: Square root: exact: the nearest number',
    'keepsInfNaN: Infinity and NaN: kept',
    'pack2x16float: Packing to 16 bits: to the nearest number, ties to even',
    'pack2x16floatOverflow: Packing what 16 bits cannot hold: gives garbage',
    'passesDenormals: What keeps numbers below 2^-126: a copy alone',
    'passesNonFinite: What keeps Infinity and NaN: copy, · 1 and + 0',
    'comparesNaN: x != x for NaN: false',
    'quads: Lanes of a quad: follow one another',
    'overflowWord: 1e38 · 1e38: has the bits 0x7f800000',
    'subgroupSize: Subgroups: 4 lanes',
    'timestampQuantumNs: Clock of the chip: steps of 65.5 µs',
  ]);
});

test.each([
  [{ timestampQuantumNs: 999 }, 'Clock of the chip', 'steps of 999 ns'],
  [{ timestampQuantumNs: 1000 }, 'Clock of the chip', 'steps of 1 µs'],
  [{ timestampQuantumNs: 1_234_567 }, 'Clock of the chip', 'steps of 1230 µs'],
  [{ timestampQuantumNs: null }, 'Clock of the chip', 'none'],
  [{ subgroupSize: null }, 'Subgroups', 'none'],
  [{ overflowWord: 0x7f }, '1e38 · 1e38', 'has the bits 0x0000007f'],
])('%j is told as %s: %s', (change, name, found) => {
  const facts = probeFacts({ ...probe, ...change });
  expect(facts.find((fact) => fact.name === name)).toMatchObject({ found });
  expect(facts).toHaveLength(15);
});

test('what a number means is told beside it, and what is not measured is left out', () => {
  const meansOf = (of: object) => probeFacts(of as never).map(({ means }) => means);
  expect(meansOf({ subgroupSize: 32 })).toEqual([
    'Kernels that use them run, and are judged by themselves.',
  ]);
  expect(meansOf({ subgroupSize: null })).toEqual([
    'Kernels that use them are skipped; others compute the same.',
  ]);
  expect(meansOf({ overflowWord: null, subgroupSize: 'many' })).toEqual([]);
});
