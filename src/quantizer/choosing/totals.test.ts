import { expect, test } from 'vitest';
import type { Costs, Measured } from './measured.ts';
import { schemeKey, schemeTotals } from './totals.ts';

/** A measurement with this squared error of outputs whose whole is 1. */
function measured(
  method: string,
  layer: string,
  given: { readonly bits?: number; readonly bytes: number; readonly off: number } | string,
): Measured {
  const bits = typeof given === 'string' ? 4 : (given.bits ?? 4);
  const scheme = { method, bits, groupSize: 64 };
  if (typeof given === 'string')
    return { layer, scheme, tookMs: 1, result: { code: 'quant-method', why: given } };
  const output = { off: given.off, whole: 1 };
  const result: Costs = {
    weight: { off: 4 * given.off, whole: 1 },
    output,
    bytes: given.bytes,
    elements: 16,
    quantizeMs: 2,
    multiplyMs: 3,
  };
  return { layer, scheme, tookMs: 1, result };
}

const names = (those: readonly Measured[]) =>
  schemeTotals(those).map(({ scheme, isOnFront }) => `${scheme.method}${isOnFront ? ' *' : ''}`);

test('sums layers: errors by their squares, bytes, times', () => {
  const [total] = schemeTotals([
    measured('a', 'x', { bytes: 8, off: 0.09 }),
    measured('a', 'y', { bytes: 4, off: 0.23 }),
  ]);
  expect(total).toMatchObject({ bytes: 12, bitsPerWeight: 3, quantizeMs: 4, multiplyMs: 6 });
  expect(total?.outputError).toBeCloseTo(0.4, 12);
  expect(total?.weightError).toBeCloseTo(0.8, 12);
});

test('sorts by error within bits', () => {
  const those = [
    measured('eight', 'x', { bits: 8, bytes: 16, off: 0.01 }),
    measured('worse', 'x', { bytes: 8, off: 0.2 }),
    measured('better', 'x', { bytes: 9, off: 0.1 }),
    measured('none', 'x', 'rows of 7'),
  ];
  expect(names(those).map((name) => name.replace(' *', ''))).toEqual([
    'better',
    'worse',
    'eight',
    'none',
  ]);
});

test('the front has what none of as few bytes beats', () => {
  const those = [
    measured('small', 'x', { bytes: 4, off: 0.4 }),
    measured('dominated', 'x', { bytes: 9, off: 0.4 }),
    measured('as small, worse', 'x', { bytes: 4, off: 0.5 }),
    measured('exact', 'x', { bytes: 8, off: 0 }),
    measured('as exact, larger', 'x', { bytes: 16, off: 0 }),
  ];
  expect(names(those)).toEqual([
    'exact *',
    'as exact, larger',
    'small *',
    'dominated',
    'as small, worse',
  ]);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])(
  'an error of %d is on no front, and last of its bits',
  (off) => {
    const those = [
      measured('lost', 'x', { bytes: 1, off }),
      measured('worse', 'x', { bytes: 8, off: 0.4 }),
      measured('lost too', 'x', { bytes: 2, off }),
      measured('better', 'x', { bytes: 8, off: 0.1 }),
      measured('eight', 'x', { bits: 8, bytes: 16, off: 0.01 }),
    ];
    expect(names(those)).toEqual(['better *', 'worse', 'lost', 'lost too', 'eight *']);
  },
);

test('equals share the front', () => {
  const same = { bytes: 4, off: 0.4 };
  expect(names([measured('a', 'x', same), measured('b', 'x', same)])).toEqual(['a *', 'b *']);
});

test('what refuses a layer is not compared, and says why', () => {
  const those = [
    measured('part', 'x', { bytes: 1, off: 0.01 }),
    measured('part', 'y', 'rows of 7'),
    measured('whole', 'x', { bytes: 4, off: 0.1 }),
    measured('whole', 'y', { bytes: 4, off: 0.1 }),
  ];
  expect(names(those)).toEqual(['part', 'whole *']);
  expect(schemeTotals(those)[0]).toMatchObject({ done: 1, layers: 2, why: 'rows of 7' });
});

test('a layer that all refuse spoils no comparison', () => {
  const those = [
    measured('a', 'x', { bytes: 4, off: 0.1 }),
    measured('a', 'nan', 'NaN'),
    measured('b', 'x', { bytes: 8, off: 0.2 }),
    measured('b', 'nan', 'NaN'),
  ];
  expect(names(those)).toEqual(['a *', 'b']);
  expect(schemeTotals(those)[0]).toMatchObject({ done: 1, layers: 1 });
  expect(names([measured('a', 'nan', 'NaN')])).toEqual(['a']);
});

test('a scheme has a key as ids have it', () => {
  expect(
    schemeKey({
      method: 'hqq',
      bits: 4,
      groupSize: 64,
      axis: 1,
      quantZero: true,
      quantScale: true,
    }),
  ).toBe('hqq;bits=4;group=64;axis=1;quant_zero=yes;quant_scale=yes');
  expect(schemeKey({ method: 'hqq', bits: 4, groupSize: 64, axis: 1 })).toBe(
    'hqq;bits=4;group=64;axis=1',
  );
  expect(schemeKey({ method: 'f16', bits: 16, groupSize: 'tensor' })).toBe(
    'f16;bits=16;group=tensor',
  );
});
