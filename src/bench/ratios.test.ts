import { expect, test } from 'vitest';
import type { CaseResult } from '../report/schema.ts';
import { ratiosOf } from './ratios.ts';
import type { BenchRow } from './summary.ts';

const row = (id: string, times: Record<string, number | undefined>, ratio?: number): BenchRow => ({
  id,
  group: 'products',
  subgroup: undefined,
  results: new Map(
    Object.entries(times).map(([backend, medianMs]) => [
      backend,
      { backend, ...(medianMs === undefined ? {} : { timing: { medianMs } }) } as CaseResult,
    ]),
  ),
  ratio,
  leastRatio: undefined,
  shareOfCeiling: undefined,
  inFloats: undefined,
  ofFloats: undefined,
});

test('a ratio names the fastest peer on WebGPU: WebAssembly, a ceiling or a failure is none', () => {
  const times = {
    webgpu: 2,
    ceiling: 0.5,
    'ort-wasm': 0.1,
    'ort-webgpu': 9,
    'jax-webgpu': 5,
    'tfjs-webgpu': undefined,
  };
  expect(ratiosOf([row('bench.a:f32', times, 2.5)])).toEqual([
    { id: 'bench.a:f32', oursMs: 2, peer: 'jax-webgpu', peerMs: 5, ratio: 2.5 },
  ]);
});

test('without a peer, or without our own time, there is no ratio', () => {
  expect(ratiosOf([row('bench.a:f32', { webgpu: 2, 'ort-wasm': 1 })])).toEqual([]);
  expect(ratiosOf([row('bench.a:f32', { webgpu: undefined, 'jax-webgpu': 5 })])).toEqual([]);
});
