import { expect, test } from 'vitest';
import { rooflineFigure } from './roofline-figure.ts';

const point = {
  ...{ id: 'bench.relu:f32;n=8', backend: 'webgpu', ms: 2, interval: [1.9, 2.2] as const },
  ...{ gflops: 0.5, gbps: 1.5, intensity: 1 / 3 },
};

test.each([
  [{ gflops: 60, gbps: 3 }, 'nothing else: 60 GFLOP/s and 3 GB/s.'],
  [
    { gflops: 60, gbps: undefined },
    'nothing else: 60 GFLOP/s. No kernel was timed that only copies, so there is no slope.',
  ],
  [
    { gflops: undefined, gbps: 3 },
    'nothing else: 3 GB/s. No kernel was timed that only computes, so there is no flat roof.',
  ],
])('of roofs %o those are told and drawn that there are', (roofs, told) => {
  const { description, draw } = rooflineFigure({ roofs, points: [point] });
  expect(description).toContain(told);
  const roof = /"([\d.]+,[\d.]+ ?){3}"/;
  expect(JSON.stringify(draw({ width: 600, height: 300 }))).toMatch(roof);
});
