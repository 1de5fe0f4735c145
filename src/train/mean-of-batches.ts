import { seam } from '../seam.ts';

/** The mean loss of a batch, and how many labels that is the mean of, or their share of a step. */
export interface BatchLoss {
  readonly mean: number;
  readonly asked: number;
}

/**
 * The mean loss over all labels: a batch weighs by how many it has. One without any counts for
 * nothing, though its own mean is no number.
 */
export const meanOfBatches = seam('train.mean_of_batches', (batches: readonly BatchLoss[]) => {
  const some = batches.filter(({ asked }) => asked > 0);
  const sum = some.reduce((total, { mean, asked }) => total + mean * asked, 0);
  return sum / some.reduce((total, { asked }) => total + asked, 0);
});
