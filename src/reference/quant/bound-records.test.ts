import { expect, test } from 'vitest';
import { blockFormatOf } from '../../quant/registry.ts';
import { boundRecords, codesOf, otherFormatBug } from './bound-records.ts';

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

test('an op has the samples that were written for it, or else those of each of its formats', () => {
  const signatures = new Map([['quantize_4bit', { name: 'quantize_4bit' }]]);
  const samplesWith = (written: Record<string, { readonly samples: readonly string[] }>) =>
    boundRecords(
      'quantize',
      signatures,
      written,
      ({ name }) => [`a ${name}`, `another ${name}`],
      ({ name }, formats, samples) => [name, formats.length, ...samples],
    );
  expect(samplesWith({ './quantize_4bit.samples.ts': { samples: ['own'] } })).toEqual([
    ['quantize_4bit', 2, 'own'],
  ]);
  expect(samplesWith({ './quantize_8bit.samples.ts': { samples: ['own'] } })).toEqual([
    ['quantize_4bit', 2, 'a fp4', 'another fp4', 'a nf4', 'another nf4'],
  ]);
});
