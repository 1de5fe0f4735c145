import { matmul } from '../../../../src/vocabulary/matmul/matmul.ts';
import type { ParamsOf } from '../../../../src/vocabulary/signature.ts';
import type { Graph, ValueName } from '../graph.ts';
import { operator } from '../operator.ts';

type Params = ParamsOf<typeof matmul>;

/** What a MatMul takes for a transposed operand: its last two dimensions swapped. */
function transposed(graph: Graph, value: ValueName, rank: number): ValueName {
  const perm = Array.from({ length: rank }, (_, d) => d);
  return graph.node('Transpose', [value], { perm: [...perm.slice(0, -2), rank - 1, rank - 2] });
}

/** alpha times a value, and the value itself where alpha is 1. */
const scaled = (graph: Graph, value: ValueName, alpha: number): ValueName =>
  alpha === 1 ? value : graph.node('Mul', [value, graph.scalar(alpha)]);

/** b is a part of the model, as the weight of a layer. */
export const KEPT = ', constant b';

const bit = (flag: boolean) => (flag ? 1 : 0);

/** b is a weight, where it is a matrix and a itself is no result of a transposition. */
const isLinear = (b: { readonly shape: readonly number[] }, { transpose_a }: Params) =>
  b.shape.length === 2 && !transpose_a;

export const operators = [
  operator(
    matmul,
    ({ graph, fed, kept, tensors: { a, b, bias }, params, setting }) => {
      const { transpose_a, transpose_b, alpha, beta } = params;
      const left = fed('a');
      const right = setting.endsWith(KEPT) ? kept('b') : fed('b');
      const third = bias && beta !== 0 ? fed('bias') : undefined;
      if (setting.startsWith('Gemm')) {
        const attributes = {
          transA: bit(transpose_a),
          transB: bit(transpose_b),
          alpha: { float: alpha },
          beta: { float: beta },
        };
        return { y: graph.node('Gemm', [left, right, third], attributes) };
      }
      const product = graph.node('MatMul', [
        transpose_a ? transposed(graph, left, a.shape.length) : left,
        transpose_b ? transposed(graph, right, b.shape.length) : right,
      ]);
      const y = scaled(graph, product, alpha);
      return { y: third ? graph.node('Add', [y, scaled(graph, third, beta)]) : y };
    },
    ({ tensors: { a, b }, params }) => {
      const nodes = a.shape.length === 2 && b.shape.length === 2 ? ['MatMul', 'Gemm'] : ['MatMul'];
      return isLinear(b, params) ? [...nodes, ...nodes.map((node) => node + KEPT)] : nodes;
    },
  ),
];
