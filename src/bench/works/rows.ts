import { wholes } from '../../testing/normals.ts';
import { crossEntropy } from '../../vocabulary/nn/cross_entropy.ts';
import { layerNorm } from '../../vocabulary/nn/layer_norm.ts';
import { rmsNorm } from '../../vocabulary/nn/rms_norm.ts';
import { softmax } from '../../vocabulary/nn/softmax.ts';
import { type OpWorkGiven, operand, opWork } from '../op-work.ts';
import type { OpWork } from '../work.ts';

const EPS = 1e-5;

/** Rows, and how wide they are. */
type Sizes = readonly [rows: number, width: number];

const LAYER: Sizes = [1024, 1024];
/** More than the caches of a chip hold. */
const LARGE: Sizes = [8192, 4096];

interface RowOp extends Pick<OpWorkGiven, 'op' | 'params' | 'flops'> {
  readonly inputs: (sizes: Sizes) => OpWorkGiven['inputs'];
  /** Default y, in the shape of the rows. */
  readonly gives?: OpWorkGiven['gives'];
  readonly wants: readonly string[];
}

const SOFTMAX: RowOp = {
  ...{ op: softmax, params: {}, flops: 4, wants: ['x'] },
  inputs: (x) => ({ x }),
};
const RMS_NORM: RowOp = {
  ...{ op: rmsNorm, params: { eps: EPS }, flops: 4, wants: ['x', 'weight'] },
  inputs: (x) => ({ x, weight: [x[1]] }),
};
const LAYER_NORM: RowOp = {
  ...{ op: layerNorm, params: { eps: EPS }, flops: 8, wants: ['x', 'weight', 'bias'] },
  inputs: (x) => ({ x, weight: [x[1]], bias: [x[1]] }),
};
const CROSS_ENTROPY: RowOp = {
  ...{ op: crossEntropy, params: { log_probs: false }, flops: 4, wants: ['logits'] },
  inputs: (logits) => ({
    logits,
    labels: operand([logits[0]], 'i32', (random, shape) => wholes(random, shape, logits[1] - 1)),
  }),
  gives: { loss: [1] },
};

function rows(
  { flops, wants, inputs, gives, ...one }: RowOp,
  sizes: Sizes,
  backward: boolean,
  more: Pick<OpWorkGiven, 'quick' | 'isLarge' | 'judgedRows'> = {},
): OpWork {
  const [height, width] = sizes;
  return opWork({
    ...one,
    sizes: { rows: height, width },
    group: 'rows',
    flops: flops * height * width * (backward ? 3 : 1),
    inputs: inputs(sizes),
    gives: gives ?? { y: sizes },
    ...(backward ? { wants } : {}),
    ...more,
  });
}

/** Ops that reduce rows, forward alone and with their gradients. */
export const works: readonly OpWork[] = [
  ...[SOFTMAX, RMS_NORM, LAYER_NORM, CROSS_ENTROPY].flatMap((one) =>
    [false, true].map((backward) => rows(one, LAYER, backward, { quick: one === SOFTMAX })),
  ),
  ...[SOFTMAX, RMS_NORM].map((one) => rows(one, LARGE, false, { isLarge: true, judgedRows: 32 })),
];
