import type { HostTensor } from '../../../../src/tensor/host.ts';
import { type ByteCodes, matmul8bit } from '../../../../src/vocabulary/matmul/matmul_8bit.ts';
import {
  type QuantoProductParams,
  quantoMatmul,
} from '../../../../src/vocabulary/matmul/quanto_matmul.ts';
import { type Graph, typeCode, type ValueName } from '../graph.ts';
import { ONE_SETTING, operator, type Reason } from '../operator.ts';
import { blockIndices, joined, SMALL, slicesOf } from './packed-codes.ts';

interface Lies {
  readonly params: { readonly transpose_weight: boolean };
}

/** Weights are asked for as layers have them. */
const asRows = ({ params: { transpose_weight } }: Lies): readonly string[] | Reason =>
  transpose_weight ? ONE_SETTING : { reason: 'weights are asked for as [out, in] alone' };

/** x W^T. */
function timesRows(graph: Graph, x: ValueName, weight: ValueName): ValueName {
  return graph.node('MatMul', [x, graph.node('Transpose', [weight], { perm: [1, 0] })]);
}

/** What codes of 8 bits stand for before their scale. */
function valuesOf(
  graph: Graph,
  kept: (name: 'q' | 'code') => ValueName,
  q: HostTensor,
  codes: ByteCodes,
): ValueName {
  if (codes === 'map') {
    const index = graph.node('Cast', [kept('q')], { to: typeCode('i32') });
    return graph.node('Gather', [kept('code'), index], { axis: 0 });
  }
  const stored =
    codes === 'int8' || codes === 'uint8'
      ? kept('q')
      : graph.stored(SMALL[codes], q.shape, Uint8Array.from(q.data));
  return graph.node('Cast', [stored], { to: typeCode('f32') });
}

/** Of groups whose parts of one column lie side by side, the rows of all first parts first. */
function rowsOfParts(
  graph: Graph,
  groups: ValueName,
  { group_size, out_features, in_features }: QuantoProductParams,
): ValueName {
  const parts = graph.integers([group_size, in_features, out_features / group_size]);
  return graph.node('Transpose', [graph.node('Reshape', [groups, parts])], { perm: [2, 0, 1] });
}

/** Products with weights that are decoded first: no product of ONNX takes these codes. */
export const operators = [
  operator(
    matmul8bit,
    ({ graph, fed, kept, keptIfThere, tensors: { q }, params: { codes, axis, blocksize } }) => {
      // What columns have is a row beside each of the weight's.
      const ofBlocks = (value: ValueName) =>
        axis === -1
          ? value
          : graph.node('Gather', [value, graph.constant(blockIndices(q, blocksize))], { axis: 0 });
      const values = valuesOf(graph, kept, q, codes);
      const zero = keptIfThere('zero_point');
      const shifted = zero
        ? graph.node('Sub', [values, ofBlocks(graph.node('Cast', [zero], { to: typeCode('f32') }))])
        : values;
      const weight = graph.node('Mul', [shifted, ofBlocks(kept('scale'))]);
      return { y: timesRows(graph, fed('x'), weight) };
    },
    asRows,
  ),
  operator(
    quantoMatmul,
    ({ graph, fed, kept, tensors: { scale }, params }) => {
      const { bits, axis, group_size, out_features, in_features } = params;
      const count = scale.data.length;
      const shape = axis === 0 ? [count, group_size] : [group_size, count];
      const codes = joined(graph, slicesOf(graph, kept('packed'), bits), shape, false);
      const values = graph.node('Cast', [codes], { to: typeCode('f32') });
      const scaled = graph.node('Mul', [values, kept('scale')]);
      const groups = graph.node('Sub', [scaled, kept('shift')]);
      const inOrder = axis === 0 ? groups : rowsOfParts(graph, groups, params);
      const rows = graph.integers([out_features, in_features]);
      return { y: timesRows(graph, fed('x'), graph.node('Reshape', [inOrder, rows])) };
    },
    asRows,
    'BitShift',
  ),
];
