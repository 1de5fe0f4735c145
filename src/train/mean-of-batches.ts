import { seam } from '../seam.ts';

/** The mean loss of a batch, and of how many labels it is the mean. */
export interface BatchLoss {
  readonly mean: number;
  readonly asked: number;
}

/** The mean loss over all labels: a batch weighs by how many it has. */
export const meanOfBatches = seam('train.mean_of_batches', (batches: readonly BatchLoss[]) => {
  const sum = batches.reduce((total, { mean, asked }) => total + mean * asked, 0);
  return sum / batches.reduce((total, { asked }) => total + asked, 0);
});
