import { expect, test } from 'vitest';
import type { CaseResult } from '../report/schema.ts';
import { rooflineOf } from './roofline.ts';

const timed = (
  id: string,
  backend: string,
  medianMs: number,
  metrics: Record<string, number>,
): CaseResult =>
  ({
    id: `bench.${id}`,
    backend,
    timing: { medianMs, ciMs: [0.9 * medianMs, 1.2 * medianMs] },
    metrics,
  }) as unknown as CaseResult;

const CEILINGS = [
  timed('ceiling:multiply-adds', 'ceiling', 10, { gflops: 60 }),
  timed('ceiling:kernel-copy', 'ceiling', 4, { gbps: 2 }),
  timed('ceiling:buffer-copy', 'ceiling', 0.1, { gbps: 80 }),
  // A ceiling of one work may reach more than those that stand alone.
  timed('softmax:f32;rows=9', 'ceiling', 2, { gflops: 1, gbps: 3 }),
];

test('roofs are the highest rates of kernels that do nothing else, and points those of WebGPU', () => {
  const roofline = rooflineOf([
    ...CEILINGS,
    timed('softmax:f32;rows=9', 'webgpu', 4, { gflops: 0.5, gbps: 1.5 }),
    timed('softmax:f32;rows=9', 'ort-wasm', 1, { gflops: 900, gbps: 900 }),
    timed('softmax:f32;rows=9', 'jax-webgpu', 8, { gflops: 0.25, gbps: 0.75 }),
    timed('dequantize_4bit:nf4;n=9', 'webgpu', 8, { gbps: 1 }),
  ]);
  expect(roofline?.roofs).toEqual({ gflops: 60, gbps: 3 });
  expect(roofline?.points.map(({ backend, intensity }) => [backend, intensity])).toEqual([
    ['webgpu', 0.5 / 1.5],
    ['jax-webgpu', 0.25 / 0.75],
  ]);
  expect(roofline?.points[0]?.interval).toEqual([0.9 * 4, 1.2 * 4]);
});

test('what failed is no point, and without ceilings or points there is no roofline', () => {
  const { timing: _, ...failed } = timed('matmul:f32;m=1', 'webgpu', 1, { gflops: 1, gbps: 1 });
  expect(rooflineOf([...CEILINGS, failed])).toBeUndefined();
  expect(rooflineOf([timed('matmul:f32;m=1', 'webgpu', 1, { gflops: 1, gbps: 1 })])).toBe(
    undefined,
  );
});
