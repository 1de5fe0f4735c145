import { expect, test } from 'vitest';
import { exponentOf, growthSeries, withExponents } from './growth.ts';
import type { BenchResult } from './host.ts';
import type { Work } from './work.ts';

test('an exponent is that of the power which the times follow', () => {
  const cubes = [64, 128, 256].map((size) => ({ size, ms: 3e-6 * size ** 3 }));
  expect(exponentOf(cubes)).toBeCloseTo(3, 10);
  const rising = [1, 2, 4].map((size) => ({ size, ms: size < 4 ? size : 8 }));
  // Steps of 1 and 2 logarithms of two.
  expect(exponentOf(rising)).toBeCloseTo(1.5, 10);
});

const sized = (size: number): Work =>
  ({ id: `bench.matmul:f32;n=${size}`, growth: [{ of: 'cube', size }] }) as unknown as Work;
const took = (size: number, ms: number | undefined, backend = 'webgpu'): BenchResult =>
  ({
    id: `bench.matmul:f32;n=${size}`,
    backend,
    metrics: { repeats: 1 },
    ...(ms === undefined ? {} : { timing: { medianMs: ms } }),
  }) as unknown as BenchResult;

test('the largest size of each contender has the exponent of its series', () => {
  const works = [64, 128, 256].map(sized);
  const results = [
    took(128, 8),
    took(256, 64),
    took(64, 1),
    ...[64, 128, 256].map((size) => took(size, size, 'jax-webgpu')),
    ...[64, 256].map((size) => took(size, size, 'ort-webgpu')),
    took(128, undefined, 'ort-webgpu'),
  ];
  const told = withExponents(works, results).flatMap(({ id, backend, metrics }) => {
    const exponent = metrics?.['exponent of cube'];
    return exponent === undefined ? [] : [[id, backend, Number(exponent?.toFixed(6))]];
  });
  // Two sizes of the third tell none.
  expect(told).toEqual([
    ['bench.matmul:f32;n=256', 'webgpu', 3],
    ['bench.matmul:f32;n=256', 'jax-webgpu', 1],
  ]);
});

test('a series has the times of every contender by size, and an exponent from three sizes on', () => {
  const results = [
    took(256, 64),
    took(64, 1),
    took(128, 8),
    took(128, 5, 'ort-webgpu'),
    took(64, undefined, 'jax-webgpu'),
    { ...took(64, 9), id: 'bench.matmul:f32;n=77' },
  ];
  const [series, ...others] = growthSeries([64, 128, 256].map(sized), results);
  expect(others).toEqual([]);
  expect(series?.of).toBe('cube');
  const told = series?.curves.map(({ backend, points, exponent }) => [
    backend,
    points.map(({ size, ms }) => [size, ms]),
    exponent?.toFixed(6),
  ]);
  expect(told).toEqual([
    [
      'webgpu',
      [
        [64, 1],
        [128, 8],
        [256, 64],
      ],
      '3.000000',
    ],
    ['ort-webgpu', [[128, 5]], undefined],
  ]);
  expect(growthSeries([64].map(sized), [])).toEqual([]);
});
