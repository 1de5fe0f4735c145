import { reduceSum as signature } from '../../vocabulary/math/reduce_sum.ts';
import { type Scaled, sumRecord, sumSimulation } from './scaled-sum.ts';

const truth: Scaled = {
  summary: 'y = sum of x along axes',
  scale: () => 1,
  units: 0,
  integers: true,
};

/** torch.sum. */
export const record = sumRecord(signature, truth);
export const simulation = sumSimulation(signature, truth);
