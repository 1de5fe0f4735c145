import { seam } from '../seam.ts';
import { type HostTensor, hostTensor } from '../tensor/host.ts';
import type { Random } from '../tensor/random.ts';

/** What a model is shown and what it must predict: ids i32 [n, context], labels i32 [n]. */
export interface Batch {
  readonly ids: HostTensor;
  readonly labels: HostTensor;
}

/**
 * The `context` bytes before each position as ids, and the byte there as label. Positions must be
 * `context` or more.
 */
export function contextsAt(text: Uint8Array, positions: readonly number[], context: number): Batch {
  const ids = new Int32Array(positions.length * context);
  positions.forEach((at, row) => {
    ids.set(text.subarray(at - context, at), row * context);
  });
  const labels = Int32Array.from(positions, (at) => text[at] as number);
  return {
    ids: hostTensor('i32', [positions.length, context], ids),
    labels: hostTensor('i32', [positions.length], labels),
  };
}

/** A batch of `size` contexts at random positions, with replacement. */
export const randomBatch = seam(
  'data.random_batch',
  (text: Uint8Array, size: number, context: number, random: Random): Batch => {
    const positions = Array.from({ length: size }, () => random.integer(context, text.length - 1));
    return contextsAt(text, positions, context);
  },
);

/**
 * At most `limit` positions of the text that have a whole context before them, evenly spread: all
 * of them where they are fewer.
 */
export function spreadPositions(text: Uint8Array, context: number, limit: number): number[] {
  const available = text.length - context;
  const count = Math.min(available, limit);
  return Array.from({ length: count }, (_, i) => context + Math.floor((i * available) / count));
}
