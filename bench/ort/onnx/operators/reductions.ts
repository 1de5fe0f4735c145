import { argmax } from '../../../../src/vocabulary/math/argmax.ts';
import { cumsum } from '../../../../src/vocabulary/math/cumsum.ts';
import type { Deviation } from '../../../../src/vocabulary/math/deviation.ts';
import type { ReductionOp } from '../../../../src/vocabulary/math/reduction.ts';
import { topk } from '../../../../src/vocabulary/math/topk.ts';
import { signatureOf } from '../../../../src/vocabulary/registry.ts';
import { operator } from '../operator.ts';

/** ONNX's names of reductions over some axes. */
const REDUCTIONS = {
  logsumexp: 'ReduceLogSumExp',
  norm: 'ReduceL2',
  reduce_max: 'ReduceMax',
  reduce_mean: 'ReduceMean',
  reduce_sum: 'ReduceSum',
};

/** The variance, and its root. */
const DEVIATIONS = ['var', 'std'];

/** No axes leave x as it is. */
const attributes = (keepdims: boolean) => ({ keepdims: keepdims ? 1 : 0, noop_with_empty_axes: 1 });

export const operators = [
  ...Object.entries(REDUCTIONS).map(([op, node]) =>
    operator(signatureOf(op) as ReductionOp, ({ graph, fed, params: { axes, keepdims } }) => ({
      y: graph.node(node, [fed('x'), graph.integers(axes)], attributes(keepdims)),
    })),
  ),
  ...DEVIATIONS.map((op) =>
    operator(
      signatureOf(op) as Deviation,
      ({ graph, fed, tensors, params: { axes, keepdims, correction } }) => {
        const x = fed('x');
        const { shape, dtype } = tensors.x;
        const over = graph.integers(axes);
        const terms = axes.reduce((n, axis) => n * (shape.at(axis) as number), 1);
        const mean = graph.node('ReduceMean', [x, over], attributes(true));
        const off = graph.node('Sub', [x, mean]);
        const sum = graph.node('ReduceSumSquare', [off, over], attributes(keepdims));
        const count = graph.scalar(Math.max(0, terms - correction), dtype);
        const variance = graph.node('Div', [sum, count]);
        return { y: op === 'std' ? graph.node('Sqrt', [variance]) : variance };
      },
    ),
  ),
  operator(argmax, ({ graph, fed, params: { axis, keepdims, select_last_index } }) => {
    const flags = { keepdims: keepdims ? 1 : 0, select_last_index: select_last_index ? 1 : 0 };
    return { y: { value: graph.node('ArgMax', [fed('x')], { axis, ...flags }), type: 'i64' } };
  }),
  operator(cumsum, ({ graph, fed, params: { dim } }) => ({
    y: graph.node('CumSum', [fed('x'), graph.integers([dim])]),
  })),
  operator(topk, ({ graph, fed, params: { k, axis, largest, sorted } }) => {
    const flags = { axis, largest: largest ? 1 : 0, sorted: sorted ? 1 : 0 };
    const [values = '', indices = ''] = graph.nodes(
      2,
      'TopK',
      [fed('x'), graph.integers([k])],
      flags,
    );
    return { values, indices: { value: indices, type: 'i64' } };
  }),
];
