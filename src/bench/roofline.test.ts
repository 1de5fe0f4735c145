import { expect, test } from 'vitest';
import type { CaseResult } from '../report/schema.ts';
import { rooflineOf } from './roofline.ts';

const timed = (
  id: string,
  backend: string,
  medianMs: number,
  metrics: Record<string, number>,
  setting?: string,
): CaseResult =>
  ({
    id: `bench.${id}`,
    backend,
    timing: { medianMs, ciMs: [0.9 * medianMs, 1.2 * medianMs] },
    ...{ metrics, setting },
  }) as unknown as CaseResult;

const ADDS = 'multiply-adds, 64 rounds an invocation';
const COPY = 'copy of the same streams, 2 vec4 an invocation';

const CEILINGS = [
  timed('ceiling:multiply-adds', 'ceiling', 10, { gflops: 60 }, ADDS),
  timed('ceiling:kernel-copy', 'ceiling', 4, { gbps: 2 }, COPY),
  timed('ceiling:buffer-copy;size=large', 'ceiling', 0.1, { gbps: 80 }, 'buffer-copy'),
  // A ceiling of one work may reach more than those that stand alone.
  timed('softmax:f32;rows=9', 'ceiling', 2, { gflops: 900, gbps: 3 }, COPY),
  timed('matmul:f32;m=9', 'ceiling', 2, { gflops: 50, gbps: 900 }, ADDS),
  timed('dequantize_4bit:nf4;n=9', 'ceiling', 2, { gbps: 900 }, 'look-ups that are stored'),
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

test('a roof is of ceilings that did only that, and there may be one alone', () => {
  const ours = timed('softmax:f32;rows=9', 'webgpu', 4, { gflops: 0.5, gbps: 1.5 });
  const of = (setting: string) =>
    rooflineOf([timed('softmax:f32;rows=9', 'ceiling', 2, { gflops: 5, gbps: 3 }, setting), ours]);
  expect(of(ADDS)?.roofs).toEqual({ gflops: 5, gbps: undefined });
  expect(of(COPY)?.roofs).toEqual({ gflops: undefined, gbps: 3 });
  expect(of('look-ups that are stored')).toBeUndefined();
});
