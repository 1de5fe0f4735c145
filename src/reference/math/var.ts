import { variance as signature } from '../../vocabulary/math/var.ts';
import {
  corrected,
  type DeviationTruth,
  deviationRecord,
  deviationSimulation,
} from './deviation.ts';
import { reduceSample } from './reduction.ts';

const truth: DeviationTruth = {
  summary: 'y = sum of squares of x - mean over n - correction, along axes',
  root: false,
  samples: [
    // The mean of four multiples of four is whole, and half of a sum of squares is exact.
    corrected(
      2,
      reduceSample({
        level: 'exact',
        x: [67, 4],
        axes: [1],
        element: (random) => 4 * random.integer(-99, 99),
      }),
    ),
  ],
  faults: [
    {
      name: 'one added to every square',
      shader: {
        file: 'math/reduce_sum',
        from: 'values * values, SQUARES',
        to: 'values * values + 1.0, SQUARES',
      },
    },
    {
      name: 'one added to the gradient',
      direction: 'backward',
      shader: { file: 'math/mul', from: 'return a * b;', to: 'return a * b + 1.0;' },
    },
  ],
};

/** torch.var. */
export const record = deviationRecord(signature, truth);
export const simulation = deviationSimulation(signature, truth.root);
