import { type HostTensor, hostTensor, hostTensorFrom } from '../../../../src/tensor/host.ts';
import {
  areIntegers,
  type ByteCodes,
  type ByteProductParams,
  matmul8bit,
} from '../../../../src/vocabulary/matmul/matmul_8bit.ts';
import {
  type QuantoProductParams,
  quantoMatmul,
} from '../../../../src/vocabulary/matmul/quanto_matmul.ts';
import type { InputsOf } from '../../../../src/vocabulary/signature.ts';
import { type Graph, typeCode, type ValueName } from '../graph.ts';
import { ONE_SETTING, operator, type Reason } from '../operator.ts';
import { cutInto, matMulNBits } from './nbits-products.ts';
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

/** The block of its own into which blocks of so many elements can be cut: of 32 it is fastest. */
const blockWithin = ({ blocksize, in_features }: ByteProductParams) =>
  ([32, 16] as const).find((size) => blocksize % size === 0 && in_features % size === 0);

/** As rows, by the operator of blocks where it can be, and decoded first. */
const inBlocks = ({ params }: { readonly params: ByteProductParams }) => {
  const rows = asRows({ params });
  const fits = params.axis === 0 && areIntegers(params) && blockWithin(params) !== undefined;
  return fits && !('reason' in rows) ? ['MatMulNBits', ...rows] : rows;
};

/** x W^T by MatMulNBits, whose codes and zero points have no sign. */
function timesBytes(
  graph: Graph,
  x: ValueName,
  { q, scale, zero_point }: InputsOf<typeof matmul8bit, HostTensor>,
  params: ByteProductParams,
): ValueName {
  const { codes, blocksize, out_features, in_features } = params;
  const block_size = blockWithin(params) as NonNullable<ReturnType<typeof blockWithin>>;
  const unsigned = (code: number) => (codes === 'int8' ? code + 128 : code);
  const blocks = in_features / block_size;
  const count = out_features * blocks;
  const parts = blocksize / block_size;
  const weight = hostTensor(
    'u8',
    [out_features, blocks, block_size],
    Uint8Array.from(q.data, unsigned),
  );
  const none = new Uint8Array(scale.data.length);
  const zeros = Uint8Array.from(cutInto(zero_point?.data ?? none, count, parts), unsigned);
  return matMulNBits(
    graph,
    [
      x,
      graph.constant(weight),
      graph.constant(hostTensorFrom('f32', [count], cutInto(scale.data, count, parts))),
      graph.constant(hostTensor('u8', [count], zeros)),
    ],
    { bits: 8, block_size, out_features, in_features },
  );
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

/** Products with weights that are decoded first, where no product of ONNX takes their codes. */
export const operators = [
  operator(
    matmul8bit,
    ({ graph, fed, kept, keptIfThere, tensors, params, setting }) => {
      if (setting === 'MatMulNBits') return { y: timesBytes(graph, fed('x'), tensors, params) };
      const { q } = tensors;
      const { codes, axis, blocksize } = params;
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
    inBlocks,
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
