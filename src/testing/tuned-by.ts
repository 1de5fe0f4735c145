import type { Gpu } from '../gpu/gpu.ts';
import type { TuningRow } from '../gpu/tuning.ts';

/** Runs with another table of choices on the device, and leaves the one before. */
export async function tunedBy<T>(
  gpu: Gpu,
  rows: readonly TuningRow[],
  run: () => Promise<T>,
): Promise<T> {
  const before = gpu.tuned;
  gpu.tuned = rows;
  try {
    return await run();
  } finally {
    gpu.tuned = before;
  }
}
