import type { CaseResult } from '../report/schema.ts';
import { type CeilingKind, ceilingKind } from './ceilings/names.ts';
import { PEERS_ON_WEBGPU } from './contender.ts';

/**
 * The highest rates that ceilings reached: operations and bytes a second, in units of 10^9.
 * Undefined where no ceiling did only that.
 */
export interface Roofs {
  readonly gflops: number | undefined;
  readonly gbps: number | undefined;
}

/** A contender at a work, by its rates. */
export interface RooflinePoint {
  readonly id: string;
  readonly backend: string;
  readonly ms: number;
  /** The interval of the median. Milliseconds. */
  readonly interval: readonly [fast: number, slow: number];
  /** Operations and bytes a second, in units of 10^9. */
  readonly gflops: number;
  readonly gbps: number;
  /** Operations for each byte. */
  readonly intensity: number;
}

/** Points below the roofs that ceilings of the same run reached, one at least. */
export interface Roofline {
  readonly roofs: Roofs;
  readonly points: readonly RooflinePoint[];
}

/** Whose works are points: the processor's have no place below the roofs of a device. */
const ON_WEBGPU: readonly string[] = ['webgpu', ...PEERS_ON_WEBGPU];

/**
 * The roofline of a bench: contenders on WebGPU by operations a byte and rate, below the highest
 * rates of the ceilings: of arithmetic by those that compute, of bytes by those that copy.
 * Undefined where no ceiling of either kind, or nothing else, was timed.
 */
export function rooflineOf(results: readonly CaseResult[]): Roofline | undefined {
  const most = (kind: CeilingKind, rate: string) => {
    const rates = results.flatMap(({ backend, timing, setting = '', metrics }) =>
      backend === 'ceiling' && timing && ceilingKind(setting) === kind
        ? (metrics?.[rate] ?? [])
        : [],
    );
    return rates.length > 0 ? Math.max(...rates) : undefined;
  };
  const roofs = { gflops: most('adds', 'gflops'), gbps: most('copy', 'gbps') };
  const points = results.flatMap(({ id, backend, timing, metrics }) => {
    const gflops = metrics?.['gflops'];
    const gbps = metrics?.['gbps'];
    if (!ON_WEBGPU.includes(backend) || !timing || !gflops || !gbps) return [];
    const ms = timing.medianMs;
    const [fast = ms, slow = ms] = timing.ciMs;
    const interval = [fast, slow] as const;
    return [{ id, backend, ms, interval, gflops, gbps, intensity: gflops / gbps }];
  });
  const isCovered = roofs.gflops !== undefined || roofs.gbps !== undefined;
  return isCovered && points.length > 0 ? { roofs, points } : undefined;
}
