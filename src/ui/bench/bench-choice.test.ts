import { expect, test } from 'vitest';
import { filtersIn, numberIn, requestOf, USUAL_CHOICE } from './bench-choice.ts';

test('a word is a part of an id, unless it is a pattern', () => {
  expect(filtersIn('  matmul  !grad bench.softmax:* bench.ceiling:pass ! ')).toEqual([
    '*matmul*',
    '!*grad*',
    'bench.softmax:*',
    'bench.ceiling:pass',
  ]);
  expect(filtersIn('')).toEqual([]);
});

test('a number is one within its limits, and nothing is the usual one', () => {
  expect(['', ' ', '0', '1000'].map((text) => numberIn('warmUp', text))).toEqual([
    undefined,
    undefined,
    0,
    1000,
  ]);
  for (const text of ['4', '1001', '-5', '5.5', '1e1', 'five'])
    expect(numberIn('samples', text), text).toBeNaN();
});

test('a request names what is installed and was not unchecked', () => {
  const choice = { ...USUAL_CHOICE, filter: 'softmax', without: ['ort'] as const, samples: '7' };
  expect(requestOf(choice, ['ort', 'jax'])).toEqual({
    options: {
      quick: true,
      filters: ['*softmax*'],
      settings: {},
      tuning: 'checked-in',
      selfTest: false,
      samples: 7,
    },
    peers: ['jax'],
  });
  expect(requestOf({ ...choice, warmUp: 'some' }, [])).toBeUndefined();
});
