import { PEERS_ON_WEBGPU } from './contender.ts';
import type { BenchRow } from './summary.ts';

/** Our time at a work, and that of the fastest peer on WebGPU. */
export interface PeerRatio {
  readonly id: string;
  readonly oursMs: number;
  /** Who is the fastest. */
  readonly peer: string;
  readonly peerMs: number;
  /** The peer's time by ours: above 1 ours is faster. */
  readonly ratio: number;
}

/** The works that we and a peer were timed at, in the order of the rows. */
export function ratiosOf(rows: readonly BenchRow[]): readonly PeerRatio[] {
  return rows.flatMap(({ id, results, ratio }) => {
    const oursMs = results.get('webgpu')?.timing?.medianMs;
    const peers = [...results].flatMap(([backend, { timing }]) =>
      timing && PEERS_ON_WEBGPU.some((peer) => peer === backend)
        ? [{ peer: backend, peerMs: timing.medianMs }]
        : [],
    );
    const [fastest] = peers.toSorted((a, b) => a.peerMs - b.peerMs);
    if (oursMs === undefined || ratio === undefined || !fastest) return [];
    return [{ id, oursMs, ratio, ...fastest }];
  });
}
