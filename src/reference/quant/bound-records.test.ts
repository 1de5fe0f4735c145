import { expect, test } from 'vitest';
import { blockFormatOf } from '../../quant/registry.ts';
import { codesOf } from './bound-records.ts';

test('the formats of an op are told with each number of bits once', () => {
  const nf4 = blockFormatOf('nf4');
  const wide = { ...nf4, name: 'int8', packing: { ...nf4.packing, bits: 8 } };
  expect(codesOf([blockFormatOf('fp4'), nf4])).toBe('4-bit codes (FP4, NF4)');
  expect(codesOf([nf4, wide])).toBe('4 or 8-bit codes (NF4, INT8)');
});
