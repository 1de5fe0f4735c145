import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { repeated } from '../../testing/normals.ts';
import { adamwStep } from '../../vocabulary/optim/adamw_step.ts';
import { type OpWorkGiven, operand, opWork } from '../op-work.ts';
import type { OpWork } from '../work.ts';

/** One step of AdamW, the seventh, of parameters in this shape. */
function adamw(shape: Shape, given: Pick<OpWorkGiven, 'quick' | 'isLarge' | 'judgedRows'>): OpWork {
  const n = sizeOf(shape);
  // Squares of gradients are never negative.
  const squares = operand(shape, 'f32', (random) =>
    repeated(random, shape, () => random.uniform(0, 1e-3)),
  );
  return opWork({
    op: adamwStep,
    sizes: { n },
    group: 'optimizers',
    flops: 16 * n,
    params: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.01, step: 7 },
    inputs: { param: shape, exp_avg: shape, exp_avg_sq: squares, grad: shape },
    gives: { param: shape, exp_avg: shape, exp_avg_sq: shape },
    isInPlace: true,
    ...given,
  });
}

/** As many parameters as a layer has, and more than the caches of a chip hold. */
export const works: readonly OpWork[] = [
  adamw([2 ** 21], { quick: true }),
  adamw([2 ** 13, 2 ** 12], { isLarge: true, judgedRows: 32 }),
];
