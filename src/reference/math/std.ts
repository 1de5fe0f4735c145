import { std as signature } from '../../vocabulary/math/std.ts';
import { type DeviationTruth, deviationRecord, deviationSimulation } from './deviation.ts';
import { reduceSample } from './reduction.ts';

const truth: DeviationTruth = {
  summary: 'y = root of the sum of squares of x - mean over n - correction, along axes',
  root: true,
  samples: [
    reduceSample({ level: 'exact', x: [3, 4], axes: [1], element: () => 2, note: 'equal' }),
  ],
  faults: [
    {
      name: 'root dropped',
      shader: {
        file: 'math/reduce_sum',
        from: 'scaled, sqrt(scaled), ROOT',
        to: 'scaled + 1.0, scaled + 1.0, ROOT',
      },
    },
    {
      name: 'one added to the gradient',
      direction: 'backward',
      shader: { file: 'math/mul', from: 'return a * b;', to: 'return a * b + 1.0;' },
    },
  ],
};

/** torch.std. */
export const record = deviationRecord(signature, truth);
export const simulation = deviationSimulation(signature, truth.root);
