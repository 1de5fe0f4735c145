import { reduceMean as signature } from '../../vocabulary/math/reduce_mean.ts';
import { type Scaled, sumRecord, sumSimulation } from './scaled-sum.ts';

/** The reciprocal of the number of terms is rounded, and so is the product with it. */
const truth: Scaled = {
  summary: 'y = mean of x along axes',
  scale: (terms) => 1 / terms,
  units: 2,
};

/** torch.mean. */
export const record = sumRecord(signature, truth);
export const simulation = sumSimulation(signature, truth);
