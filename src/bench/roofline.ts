import type { CaseResult } from '../report/schema.ts';
import { PEERS_ON_WEBGPU } from './contender.ts';

/** The highest rates of the device: operations and bytes a second, in units of 10^9. */
export interface RoofRates {
  readonly gflops: number;
  readonly gbps: number;
}

/** A contender at a work, by its rates. */
export interface RooflinePoint extends RoofRates {
  readonly id: string;
  readonly backend: string;
  readonly ms: number;
  /** The interval of the median. Milliseconds. */
  readonly interval: readonly [fast: number, slow: number];
  /** Operations for each byte. */
  readonly intensity: number;
}

/** Points below the roofs that ceilings of the same run reached. */
export interface Roofline {
  readonly roofs: RoofRates;
  readonly points: readonly RooflinePoint[];
}

/** Copies without a kernel: no kernel is held to it. */
const NO_KERNEL = 'bench.ceiling:buffer-copy';

/** Whose works are points: the processor's have no place below the roofs of a device. */
const ON_WEBGPU: readonly string[] = ['webgpu', ...PEERS_ON_WEBGPU];

/**
 * The roofline of a bench: contenders on WebGPU by operations a byte and rate, below the highest
 * rates of the ceilings. Undefined where no ceiling, or nothing else, was timed.
 */
export function rooflineOf(results: readonly CaseResult[]): Roofline | undefined {
  const ceilings = results.filter(
    ({ id, backend, timing }) => backend === 'ceiling' && timing && id !== NO_KERNEL,
  );
  const most = (rate: string) =>
    Math.max(0, ...ceilings.map(({ metrics }) => metrics?.[rate] ?? 0));
  const roofs = { gflops: most('gflops'), gbps: most('gbps') };
  const points = results.flatMap(({ id, backend, timing, metrics }) => {
    const gflops = metrics?.['gflops'];
    const gbps = metrics?.['gbps'];
    if (!ON_WEBGPU.includes(backend) || !timing || !gflops || !gbps) return [];
    const ms = timing.medianMs;
    const [fast = ms, slow = ms] = timing.ciMs;
    const interval = [fast, slow] as const;
    return [{ id, backend, ms, interval, gflops, gbps, intensity: gflops / gbps }];
  });
  const isWhole = roofs.gflops > 0 && roofs.gbps > 0 && points.length > 0;
  return isWhole ? { roofs, points } : undefined;
}
