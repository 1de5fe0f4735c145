import { expect, test } from 'vitest';
import { createDynamicMap } from './dynamic/map.ts';
import { restored } from './dynamic/nested.ts';
import type { Format } from './format.ts';
import { formats } from './registry.ts';
import { decoded, isQuantized, partsOf, type QuantizedWeight, withParts } from './weight.ts';

const [nf4, ternary, dynamic] = ['nf4', 'ternary', 'dynamic'].map((name) => formats.get(name)) as [
  Format,
  Format,
  Format,
];

const numbers = (...data: number[]) => ({ data });

/** 1 and 0, twice -1, 1: codes of 4 bits, the first of a byte in its high bits. */
const weight: QuantizedWeight<{ readonly data: number[] }> = {
  format: nf4,
  shape: [5],
  blocksize: 2,
  parts: { packed: numbers(0xf7, 0x00, 0xf0), absmax: numbers(3, 5, 7) },
};

test('a weight decodes to the values of its codes times the scales of their blocks', () => {
  expect([...decoded(weight)]).toEqual([3, 0, -5, -5, 7]);
  expect([...decoded(weight, (value, scale) => value + scale)]).toEqual([4, 3, 4, 4, 8]);
});

test('a weight without blocks has one scale', () => {
  const parts = { packed: numbers(0b00_10_01_00), scale: numbers(4, 100) };
  expect([...decoded({ format: ternary, shape: [2, 2], parts })]).toEqual([-4, 0, 4, -4]);
});

test('a weight that lacks a part is refused with what it needs', () => {
  const { packed, absmax } = weight.parts;
  expect(partsOf(weight)).toEqual({ codes: packed, scales: absmax });
  for (const parts of [{ packed }, { absmax }, {}])
    expect(() => partsOf({ ...weight, parts } as typeof weight)).toThrow(
      'a weight in nf4 lacks packed or absmax',
    );
});

test('the parts of a weight are changed by name, and the rest of it stays', () => {
  const named = withParts(weight, ({ data }, name) => `${name} ${data.length}`);
  expect(named).toEqual({ ...weight, parts: { packed: 'packed 3', absmax: 'absmax 3' } });
  expect([isQuantized(weight), isQuantized<object>({ data: [] })]).toEqual([true, false]);
});

test('compressed scales are restored with two roundings, and their mean', () => {
  const map = createDynamicMap(true);
  const codes = Array.from({ length: 256 }, (_, code) => code);
  const q = numbers(...codes);
  const scales = {
    format: dynamic,
    shape: [256],
    blocksize: 256,
    parts: { q, absmax: numbers(0.3) },
  };
  const { fround } = Math;
  expect([...restored({ scales, offset: 0.7 })]).toEqual(
    codes.map((code) => fround(fround((map[code] as number) * 0.3) + fround(0.7))),
  );
});
