import { type Scaled, sumRecord, sumSimulation } from './scaled-sum.ts';

const truth: Scaled = { name: 'reduce_sum', summary: 'y = sum of x along axes', scale: () => 1, units: 0 };

/** torch.sum. */
export const record = sumRecord(truth);
export const simulation = sumSimulation(truth);
