import { crossEntropy } from '../../vocabulary/nn/cross_entropy.ts';
import { layerNorm } from '../../vocabulary/nn/layer_norm.ts';
import { rmsNorm } from '../../vocabulary/nn/rms_norm.ts';
import { softmax } from '../../vocabulary/nn/softmax.ts';
import { wholes } from '../normals.ts';
import { type OpWorkGiven, operand, opWork } from '../op-work.ts';
import type { OpWork } from '../work.ts';

const ROWS = 1024;
const WIDTH = 1024;
const X = [ROWS, WIDTH];
const EPS = 1e-5;

type RowOp = Pick<OpWorkGiven, 'op' | 'params' | 'inputs' | 'gives' | 'flops'> & {
  readonly wants: readonly string[];
};

const labels = operand([ROWS], 'i32', (random, shape) => wholes(random, shape, WIDTH - 1));

const OPS: readonly RowOp[] = [
  { op: softmax, params: {}, inputs: { x: X }, gives: { y: X }, flops: 4, wants: ['x'] },
  {
    op: rmsNorm,
    params: { eps: EPS },
    inputs: { x: X, weight: [WIDTH] },
    gives: { y: X },
    flops: 4,
    wants: ['x', 'weight'],
  },
  {
    op: layerNorm,
    params: { eps: EPS },
    inputs: { x: X, weight: [WIDTH], bias: [WIDTH] },
    gives: { y: X },
    flops: 8,
    wants: ['x', 'weight', 'bias'],
  },
  {
    op: crossEntropy,
    params: { log_probs: false },
    inputs: { logits: X, labels },
    gives: { loss: [1] },
    flops: 4,
    wants: ['logits'],
  },
];

function rows({ flops, wants, ...one }: RowOp, backward: boolean): OpWork {
  return opWork({
    ...one,
    sizes: { rows: ROWS, width: WIDTH },
    group: 'rows',
    quick: one.op === softmax,
    flops: flops * ROWS * WIDTH * (backward ? 3 : 1),
    ...(backward ? { wants } : {}),
  });
}

const LARGE = [8192, 4096] as const;

/** Rows that are more than the caches of a chip hold. */
const large: readonly OpWork[] = OPS.slice(0, 2).map(({ op, params, inputs, flops }) =>
  opWork({
    ...{ op, group: 'rows', isLarge: true, judgedRows: 32 },
    ...(params ? { params } : {}),
    sizes: { rows: LARGE[0], width: LARGE[1] },
    flops: flops * LARGE[0] * LARGE[1],
    inputs: { ...inputs, x: LARGE, ...('weight' in inputs ? { weight: [LARGE[1]] } : {}) },
    gives: { y: LARGE },
  }),
);

/** Ops that reduce rows, forward alone and with their gradients. */
export const works: readonly OpWork[] = [
  ...OPS.flatMap((one) => [false, true].map((backward) => rows(one, backward))),
  ...large,
];
