import type { Value } from '../../record.ts';
import type { SimulatedGpu } from '../../simulation/simulated-gpu.ts';
import { eachPair, type Turns } from './turn.ts';

/** Rotates pairs of columns by cosines and sines that the GPU holds. */
export function turn(gpu: SimulatedGpu, x: Value, turns: Turns, backwards: boolean): Value {
  const data = x.data.slice();
  eachPair(x, turns, (a, b, { cos, sin }) => {
    const p = x.data[a] as number;
    const q = x.data[b] as number;
    const s = backwards ? -sin : sin;
    data[a] = gpu.mulAdd(p, cos, gpu.mul(-s, q));
    data[b] = gpu.mulAdd(q, cos, gpu.mul(s, p));
  });
  return { shape: x.shape, data };
}
