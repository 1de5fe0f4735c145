import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { endOf, type Schedule } from '../../vocabulary/optim/lr_schedule.ts';

/** Three numbers that change with the step, and one that fills the row up. */
export type RateRow = readonly [number, number, number, 0];

/** More rows would be a buffer that is not worth having: 16 MiB. */
const MOST_ROWS = 2 ** 20;

/**
 * Rows of {@link stepRates}: it ends where the schedule does and powers of `betas` have vanished
 * beside 1. Throws GradproofError `schedule-total` for a rate that never settles, without a total.
 */
export function rateRows(schedule: Schedule, betas: readonly number[]): number {
  const scheduled = endOf(schedule);
  if (scheduled === undefined)
    throw new GradproofError(
      'schedule-total',
      `a table of ${schedule.name} rates needs the total of steps: give it as total`,
    );
  // A beta of 0 has vanished at once: the logarithm of 0 is infinite.
  const settled = betas.map((beta) => Math.ceil(Math.log(2 ** -30) / Math.log(beta)));
  return Math.max(1, ...settled.concat(scheduled)) + 1;
}

/**
 * The numbers of each step, f32 [rows, 4], for a kernel that counts the steps by itself: in float64
 * on the host, rounded once. Throws GradproofError `bad-params` when there are too many rows.
 */
export function stepRates(
  gpu: Gpu,
  schedule: Schedule,
  betas: readonly number[],
  row: (step: number) => RateRow,
): Tensor {
  const rows = rateRows(schedule, betas);
  if (rows > MOST_ROWS) {
    const message = `numbers of ${rows} steps are too many for a table: a schedule of at most ${MOST_ROWS} steps and smaller betas are needed`;
    throw new GradproofError('bad-params', message);
  }
  const numbers = new Float64Array(4 * rows);
  for (let i = 0; i < rows; i++) numbers.set(row(i + 1), 4 * i);
  return Tensor.from(gpu, hostTensorFrom('f32', [rows, 4], numbers));
}
