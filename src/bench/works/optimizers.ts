import { adamwStep } from '../../vocabulary/optim/adamw_step.ts';
import { repeated } from '../normals.ts';
import { operand, opWork } from '../op-work.ts';
import type { OpWork } from '../work.ts';

const PARAMETERS = 2 ** 21;

/** Squares of gradients, which are never negative. */
const squares = operand([PARAMETERS], 'f32', (random, shape) =>
  repeated(random, shape, () => random.uniform(0, 1e-3)),
);

/** One step of AdamW, the seventh. */
export const works: readonly OpWork[] = [
  opWork({
    op: adamwStep,
    sizes: { n: PARAMETERS },
    group: 'optimizers',
    quick: true,
    flops: 16 * PARAMETERS,
    params: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.01, step: 7 },
    inputs: {
      param: [PARAMETERS],
      exp_avg: [PARAMETERS],
      exp_avg_sq: squares,
      grad: [PARAMETERS],
    },
    gives: { param: [PARAMETERS], exp_avg: [PARAMETERS], exp_avg_sq: [PARAMETERS] },
  }),
];
