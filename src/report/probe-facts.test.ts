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
