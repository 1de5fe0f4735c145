import { expect, test } from 'vitest';
import { schemeOf } from '../quantizer/registry.ts';
import { chosenByOptions } from './quantizer-options.ts';

test.each([
  [{ method: 'nf4', groupSize: 5 }, '--group 5 of nf4: give 64 or 32'],
  [{ method: 'mlx', bits: 7 }, '--bits 7 of mlx: give 4 or'],
  [
    { method: 'quanto_int', quantZero: true, quantScale: true },
    '--quant-zero and --quant-scale of quanto_int: it has none',
  ],
])('%j is refused by the names of its options', (options, says) => {
  const choose = () => chosenByOptions(() => schemeOf(options));
  expect(choose).toThrow(expect.objectContaining({ code: 'usage' }));
  expect(choose).toThrow(says);
});
