import type { Gpu } from '../../gpu/gpu.ts';
import type { TuningRow } from '../../gpu/tuning.ts';

/** Until it is disposed, variants are chosen by these rows. */
export function pinnedTable(gpu: Gpu, rows: readonly TuningRow[]): Disposable {
  const before = gpu.tuned;
  gpu.tuned = rows;
  return {
    [Symbol.dispose]: () => {
      gpu.tuned = before;
    },
  };
}
