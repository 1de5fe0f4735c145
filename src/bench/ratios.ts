import { type FastestPeer, fastestPeer } from './fastest-peer.ts';
import type { BenchRow } from './summary.ts';

/** Our time at a work, and that of the fastest peer on WebGPU. */
export interface PeerRatio extends FastestPeer {
  readonly id: string;
  readonly oursMs: number;
  /** The peer's time by ours: above 1 ours is faster. */
  readonly ratio: number;
}

/** The works that we and a peer were timed at, in the order of the rows. */
export function ratiosOf(rows: readonly BenchRow[]): readonly PeerRatio[] {
  return rows.flatMap(({ id, results, ratio }) => {
    const msOf = (backend: string) => results.get(backend)?.timing?.medianMs;
    const oursMs = msOf('webgpu');
    const fastest = fastestPeer(msOf);
    if (oursMs === undefined || ratio === undefined || !fastest) return [];
    return [{ id, oursMs, ratio, ...fastest }];
  });
}
