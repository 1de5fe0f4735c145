import { expect, test } from 'vitest';
import { blockFormatOf } from '../../quant/registry.ts';
import { codesOf, otherFormatBug } from './bound-records.ts';

test('the formats of an op are told with each number of bits once', () => {
  const nf4 = blockFormatOf('nf4');
  const wide = { ...nf4, name: 'int8', packing: { ...nf4.packing, bits: 8 } };
  expect(codesOf([blockFormatOf('fp4'), nf4])).toBe('4-bit codes (FP4, NF4)');
  expect(codesOf([nf4, wide])).toBe('4 or 8-bit codes (NF4, INT8)');
});

test.each([
  ['nf4', ['fp4', 'nf4'], 'fp4'],
  ['fp4', ['fp4', 'nf4'], 'nf4'],
  // Of an op of its own, whose codes are told from any other's.
  ['nf4', ['nf4'], 'fp4'],
])('%s among %j is taken for %s', (quant_type, names, other) => {
  const bug = otherFormatBug(names.map(blockFormatOf));
  expect(bug.apply({}, { quant_type }).params).toEqual({ quant_type: other });
});
