import { normals, wholes } from '../../testing/normals.ts';
import { linearCrossEntropy } from '../../vocabulary/nn/linear_cross_entropy.ts';
import { operand, opWork } from '../op-work.ts';
import type { OpWork } from '../work.ts';

const ROWS = 32;
const HIDDEN = 64;
/** That of Qwen2 and Qwen3. */
const VOCABULARY = 151_936;

/** The loss of a head that is frozen, without its logits: forward, or with the gradient of x. */
function head(wants: readonly 'x'[], parts = 1): OpWork {
  const rows = operand([VOCABULARY / parts, HIDDEN], 'f32', (random, shape) =>
    normals(random, shape, 1 / Math.sqrt(HIDDEN)),
  );
  const more = Array.from({ length: parts - 1 }, (_, i) => [`more${i}`, rows]);
  return opWork({
    ...{ op: linearCrossEntropy, group: 'rows', gives: { loss: [1] } },
    sizes: {
      ...{ rows: ROWS, hidden: HIDDEN, vocabulary: VOCABULARY },
      ...(parts > 1 ? { parts } : {}),
    },
    flops: 2 * ROWS * HIDDEN * VOCABULARY * (1 + 2 * wants.length),
    inputs: {
      x: [ROWS, HIDDEN],
      weight: rows,
      ...Object.fromEntries(more),
      labels: operand([ROWS], 'i32', (random, shape) => wholes(random, shape, VOCABULARY - 1)),
    },
    ...(wants.length > 0 ? { wants } : {}),
  });
}

export const works: readonly OpWork[] = [head([]), head(['x']), head(['x'], 2)];
