import { describe, expect, test } from 'vitest';
import { blockFormatOf, blockFormats, formats } from './registry.ts';

test('a format has the name of its folder', () => {
  const folders = Object.keys(import.meta.glob('./*/format.ts'));
  expect(folders.map((path) => path.split('/')[1])).toEqual([...formats.keys()]);
});

test.each([...formats.values()])('$name has float32 values and a code of zero', (format) => {
  for (const x of Array.from(format.values)) expect(Math.fround(x)).toBe(x);
  expect(format.values[format.zeroCode]).toBe(0);
});

test.each([...formats.values()])('$name packs its codes so that each is found again', (format) => {
  const codes = Array.from(
    { length: format.values.length + 3 },
    (_, i) => i % format.values.length,
  );
  const bytes = format.packing.pack(codes, format.zeroCode);
  expect(bytes).toHaveLength(format.packing.bytesOf(codes.length));
  expect(codes.map((_, i) => format.packing.codeAt(bytes, i))).toEqual(codes);
});

test('the name of no format is refused with the list of formats', () => {
  expect(() => blockFormatOf('nf3')).toThrow(/^quant_type nf3: give .*\bfp4\b.*\bnf4\b/);
  expect(() => blockFormatOf('ternary')).toThrow(/\bnf4\b/);
});

describe.each([...blockFormats.values()])('$name', (format) => {
  const { thresholds } = format.rounding;
  const ascending = format.rounding.ascending.map((code) => format.values[code] as number);

  test('has float32 thresholds', () => {
    for (const x of thresholds) expect(Math.fround(x)).toBe(x);
  });

  test('names every code once, in ascending order of its value', () => {
    expect([...format.rounding.ascending].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 2 ** format.packing.bits }, (_, i) => i),
    );
    expect(ascending.every((x, i) => i === 0 || x >= (ascending[i - 1] as number))).toBe(true);
  });

  test('reaches from -1 to 1', () => {
    expect([ascending[0], ascending.at(-1)]).toEqual([-1, 1]);
  });

  test('has thresholds in the middle between neighbours, within a unit in the last place', () => {
    thresholds.forEach((t, i) => {
      const middle = ((ascending[i] as number) + (ascending[i + 1] as number)) / 2;
      expect(Math.abs(t - middle)).toBeLessThanOrEqual(2 ** -23 * Math.abs(middle));
    });
  });
});

test('nf4 is not symmetric, fp4 is', () => {
  const isSymmetric = (type: string) => {
    const values = Array.from(blockFormatOf(type).values);
    return values.every((x) => values.some((y) => y === -x));
  };
  expect(isSymmetric('nf4')).toBe(false);
  expect(isSymmetric('fp4')).toBe(true);
});
