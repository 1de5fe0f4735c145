import type { FaultDeclaration } from '../../src/testing/fault.ts';
import type { BatchLoss } from '../../src/train/mean-of-batches.ts';

/** The fault of a mean over batches in which a smaller one weighs as much as the others. */
export function batchesWeighAlike(fault: FaultDeclaration): void {
  fault.host(
    'train.mean_of_batches',
    (original) => (batches: readonly BatchLoss[]) =>
      original(batches.map((batch) => ({ ...batch, asked: 1 }))),
  );
}
