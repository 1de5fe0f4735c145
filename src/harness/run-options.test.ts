import { expect, test } from 'vitest';
import { OptionError, readOptions } from './option.ts';
import { RUN_OPTIONS } from './run-options.ts';

const read = (address: string) => {
  const params = new URLSearchParams(address);
  return readOptions(RUN_OPTIONS, (name) => params.getAll(name));
};

test('reads what an address sets and nothing else', () => {
  expect(
    read('tier=full&filter=quant.*&filter=!*fp16*&seed=7&shard=2/3&timeout=1500&other=1'),
  ).toEqual({
    tier: 'full',
    filters: ['quant.*', '!*fp16*'],
    seed: 7,
    shard: { index: 2, count: 3 },
    timeoutMs: 1500,
  });
  expect(read('')).toEqual({});
});

test.each([
  'tier=huge',
  'tier=',
  'filter=',
  'filter=a b',
  'filter=!',
  'filter=!!a',
  'shard=0/2',
  'shard=3/2',
  'shard=1',
  'shard=1/2/3',
  'shard=-1/2',
  'seed=-1',
  'seed=1.5',
  'seed=4294967296',
  'seed=1e3',
  'seed=nan',
  'timeout=0',
  'timeout=Infinity',
  'retries=x',
])('refuses %s in one line', (address) => {
  expect(() => read(address)).toThrow(OptionError);
  expect(() => read(address)).toThrow(/^--[a-z]+ [^\n]*must be [^\n]*$/);
});
