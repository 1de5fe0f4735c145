import { dynamicMap as signature } from '../../vocabulary/quant/dynamic_map.ts';
import { defineSimulation } from '../define.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { cutsOf, mapOf } from './dynamic_map.ts';

/** Midpoints of `count` equal parts of [0.1, 1]. */
function midpoints(gpu: SimulatedGpu, count: number): number[] {
  const start = Math.fround(0.1);
  const step = gpu.div(gpu.sub(1, start), count);
  const borders = Array.from({ length: count + 1 }, (_, k) =>
    k < Math.floor((count + 1) / 2) ? gpu.mulAdd(step, k, start) : gpu.mulAdd(-step, count - k, 1),
  );
  return borders.slice(1).map((border, k) => gpu.mul(0.5, gpu.add(borders[k] as number, border)));
}

/** The host's float32 formula, as if a GPU computed it. */
export const simulation = defineSimulation(signature, {
  forward: (gpu, _inputs, params) => {
    const positive = cutsOf(params).flatMap(({ power, parts }) =>
      midpoints(gpu, parts).map((fraction) => gpu.mul(Math.fround(10 ** power), fraction)),
    );
    return { code: mapOf(positive, params) };
  },
});
