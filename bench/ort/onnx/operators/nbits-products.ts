import { middleOf, rowLayout } from '../../../../src/quant/nbits/layout.ts';
import { packing } from '../../../../src/quant/packing/packing.ts';
import type { HostTensor } from '../../../../src/tensor/host.ts';
import { matmulNbits } from '../../../../src/vocabulary/matmul/matmul_nbits.ts';
import {
  dequantizeNbits,
  type NbitsWeightParams,
} from '../../../../src/vocabulary/quant/dequantize_nbits.ts';
import { type Graph, MICROSOFT, type ValueName } from '../graph.ts';
import { ONE_SETTING, operator, type Reason } from '../operator.ts';

/** x W^T by the operator itself, with sums in float32. */
export function matMulNBits(
  graph: Graph,
  inputs: readonly (ValueName | undefined)[],
  { bits, block_size, out_features, in_features }: NbitsWeightParams,
): ValueName {
  const attributes = { K: in_features, N: out_features, bits, block_size, accuracy_level: 0 };
  return graph.node('MatMulNBits', inputs, attributes, MICROSOFT);
}

/** What blocks have, for each of `count` blocks that they are cut into, so many from one. */
export const cutInto = (values: ArrayLike<number>, count: number, parts: number): number[] =>
  Array.from({ length: count }, (_, i) => values[Math.floor(i / parts)] as number);

/** The zero point of each block, as codes one after the other. */
function zerosOf(
  zeros: HostTensor | undefined,
  params: NbitsWeightParams,
): Uint8Array<ArrayBuffer> {
  const { bits, in_features, out_features } = params;
  const { blocks, zeros: inRow } = rowLayout(in_features, params);
  const { codeAt, pack } = packing(bits);
  const codes = Uint8Array.from({ length: out_features * blocks }, (_, b) =>
    zeros ? codeAt(zeros.data, Math.floor(b / blocks) * inRow + (b % blocks)) : middleOf(params),
  );
  return pack(codes, 0);
}

interface Asked {
  readonly params: NbitsWeightParams;
  readonly tensors: { readonly float_zero_points?: unknown; readonly g_idx?: unknown };
}

/** What is not asked of the library, or cannot be. */
function settingsOf({ params: { bits }, tensors }: Asked): readonly string[] | Reason {
  if (tensors.float_zero_points ?? tensors.g_idx)
    return { reason: 'it is asked for what its quantizer makes: zero points as codes, no g_idx' };
  return bits === 2 ? { reason: 'ONNX of opset 21 has no codes of 2 bits' } : ONE_SETTING;
}

/** Weights as MatMulNBits stores them, which are parts of the model. */
export const operators = [
  operator(
    dequantizeNbits,
    ({ graph, kept, tensors: { packed, zero_points }, params }) => {
      const { bits, block_size, in_features, out_features } = params;
      const { blocks, codes } = rowLayout(in_features, params);
      const type = bits === 4 ? 'u4' : 'u8';
      const value = graph.node(
        'DequantizeLinear',
        [
          graph.stored(type, [out_features, codes], Uint8Array.from(packed.data)),
          kept('scales'),
          graph.stored(type, [out_features, blocks], zerosOf(zero_points, params)),
        ],
        { axis: 1, block_size },
      );
      // Rows are whole blocks.
      const ends = [0, in_features, 1].map((at) => graph.integers([at]));
      return { y: { value: graph.node('Slice', [value, ...ends]), type: 'f32' } };
    },
    settingsOf,
  ),
  operator(
    matmulNbits,
    ({ graph, fed, kept, keptIfThere, params }) => {
      const inputs = [fed('x'), kept('packed'), kept('scales'), keptIfThere('zero_points')];
      return { y: matMulNBits(graph, inputs, params) };
    },
    (asked): readonly string[] | Reason =>
      asked.params.transpose_weight
        ? settingsOf(asked)
        : { reason: 'its MatMulNBits takes weights [out, in] alone' },
  ),
];
