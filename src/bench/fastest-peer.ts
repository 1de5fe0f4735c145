import { PEERS_ON_WEBGPU } from './contender.ts';

/** A peer with its time. */
export interface FastestPeer {
  readonly peer: string;
  readonly peerMs: number;
}

/** The fastest peer on WebGPU, by what each took; undefined where none was timed. */
export function fastestPeer(msOf: (peer: string) => number | undefined): FastestPeer | undefined {
  const timed = PEERS_ON_WEBGPU.flatMap((peer) => {
    const peerMs = msOf(peer);
    return peerMs === undefined ? [] : [{ peer, peerMs }];
  });
  return timed.toSorted((a, b) => a.peerMs - b.peerMs)[0];
}
