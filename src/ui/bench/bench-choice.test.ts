import { expect, test } from 'vitest';
import { filtersIn, numberIn, requestOf, settingsIn, USUAL_CHOICE } from './bench-choice.ts';

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

test('settings are of contenders, by a text of theirs', () => {
  expect(settingsIn('')).toEqual({});
  expect(settingsIn(' webgpu=eager  ort-webgpu=a=b ')).toEqual({
    webgpu: 'eager',
    'ort-webgpu': 'a=b',
  });
  for (const text of [
    'eager',
    '=eager',
    'webgpu=eager captured',
    'Web GPU=x',
    'webgp=eager',
    'webgpu=',
  ])
    expect(settingsIn(text), text).toBeUndefined();
});

test('a request names what is installed and was not unchecked', () => {
  const choice = { ...USUAL_CHOICE, filter: 'softmax', without: ['ort'] as const, samples: '7' };
  expect(requestOf(choice, ['ort', 'jax'])).toEqual({
    options: {
      quick: true,
      variants: false,
      filters: ['*softmax*'],
      settings: {},
      tuning: 'checked-in',
      selfTest: false,
      samples: 7,
    },
    peers: ['jax'],
  });
  expect(requestOf({ ...choice, warmUp: 'some' }, [])).toBeUndefined();
  expect(requestOf({ ...choice, settings: 'some' }, [])).toBeUndefined();
  const more = { ...choice, settings: 'webgpu=eager', measured: true };
  expect(requestOf(more, [])?.options).toMatchObject({
    settings: { webgpu: 'eager' },
    tuning: 'measured',
  });
});
