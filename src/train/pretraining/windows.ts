import type { Draw } from '../../data/examples.ts';
import { hostTensor } from '../../tensor/host.ts';

/**
 * Draws rows of `length` tokens from anywhere in `ids`: what a model reads is what it is asked, each
 * token after those before it.
 */
export function windowsOf(ids: Int32Array, length: number): Draw {
  return (count, random) => {
    const rows = new Int32Array(count * length);
    for (let row = 0; row < count; row++) {
      const start = random.integer(0, ids.length - length);
      rows.set(ids.subarray(start, start + length), row * length);
    }
    const tokens = hostTensor('i32', [count, length], rows);
    return { inputs: { ids: tokens }, labels: tokens };
  };
}
