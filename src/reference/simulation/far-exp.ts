import type { SimulatedGpu } from './simulated-gpu.ts';

/** Beyond it the kernels take exp(-x) for 0, and sigmoid for 0 or 1. */
export const END = 104;

/** exp(x) of an x <= 0 of any size. */
export function farExp(gpu: SimulatedGpu, x: number): number {
  return gpu.exp(Math.max(x, -END));
}
