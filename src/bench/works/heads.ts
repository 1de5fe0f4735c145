import { linearCrossEntropy } from '../../vocabulary/nn/linear_cross_entropy.ts';
import { normals, wholes } from '../normals.ts';
import { operand, opWork } from '../op-work.ts';
import type { OpWork } from '../work.ts';

const ROWS = 32;
const HIDDEN = 64;
/** That of Qwen2 and Qwen3. */
const VOCABULARY = 151_936;

/** The loss of a head that is frozen, without its logits: forward, and with the gradient of x. */
export const works: readonly OpWork[] = [false, true].map((backward) =>
  opWork({
    ...{ op: linearCrossEntropy, group: 'rows', gives: { loss: [1] } },
    sizes: { rows: ROWS, hidden: HIDDEN, vocabulary: VOCABULARY },
    flops: 2 * ROWS * HIDDEN * VOCABULARY * (backward ? 3 : 1),
    inputs: {
      x: [ROWS, HIDDEN],
      weight: operand([VOCABULARY, HIDDEN], 'f32', (random, shape) =>
        normals(random, shape, 1 / Math.sqrt(HIDDEN)),
      ),
      labels: operand([ROWS], 'i32', (random, shape) => wholes(random, shape, VOCABULARY - 1)),
    },
    ...(backward ? { wants: ['x'] } : {}),
  }),
);
