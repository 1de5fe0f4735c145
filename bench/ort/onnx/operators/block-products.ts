import { packing } from '../../../../src/quant/packing/packing.ts';
import { unpackDenseTrits } from '../../../../src/quant/ternary/dense-trits.ts';
import { unpackTrits } from '../../../../src/quant/ternary/trits.ts';
import { f32FromF16 } from '../../../../src/tensor/half.ts';
import { type HostTensor, hostTensor, hostTensorFrom } from '../../../../src/tensor/host.ts';
import { matrixOf } from '../../../../src/tensor/shape.ts';
import { ggufMatmul } from '../../../../src/vocabulary/matmul/gguf_matmul.ts';
import { mlxMatmul } from '../../../../src/vocabulary/matmul/mlx_matmul.ts';
import { ggufDequantize } from '../../../../src/vocabulary/quant/gguf_dequantize.ts';
import { ternaryMatmul } from '../../../../src/vocabulary/quant/ternary_matmul.ts';
import type { InputsOf, ParamsOf } from '../../../../src/vocabulary/signature.ts';
import type { Graph, ValueName } from '../graph.ts';
import { ONE_SETTING, operator, type Reason } from '../operator.ts';
import { cutInto, matMulNBits } from './nbits-products.ts';

/** Elements of a block of GGUF that has one scale and no minimum. */
const BLOCK = 32 as const;
/** Bytes of its scale, a half, with which a block begins. */
const SCALE_BYTES = 2;
const BITS = { q4_0: 4, q8_0: 8 } as const;
type Type = keyof typeof BITS;

/** Codes of blocks as ONNX has them, element by element, and the scale of each block. */
interface Blocks {
  /** From 0 up; zero is in their middle. */
  readonly codes: Uint8Array<ArrayBuffer>;
  readonly scales: HostTensor;
  readonly rows: number;
  readonly width: number;
}

function blocksOf({ shape, data }: HostTensor, type: Type): Blocks {
  const bits = BITS[type];
  const bytes = SCALE_BYTES + (BLOCK * bits) / 8;
  const [rows, rowBytes] = matrixOf(shape);
  const blocks = (rows * rowBytes) / bytes;
  const codes = new Uint8Array(blocks * BLOCK);
  const scales = new Float32Array(blocks);
  for (let b = 0; b < blocks; b++) {
    const at = (k: number) => data[b * bytes + k] as number;
    scales[b] = f32FromF16(at(0) + 256 * at(1));
    for (let e = 0; e < BLOCK; e++)
      codes[b * BLOCK + e] =
        bits === 8
          ? at(SCALE_BYTES + e) ^ 128 // two's complement from -128 up
          : (at(SCALE_BYTES + (e % 16)) >> (e < 16 ? 0 : 4)) & 15;
  }
  const width = (rowBytes / bytes) * BLOCK;
  return { codes, scales: hostTensor('f32', [rows, width / BLOCK], scales), rows, width };
}

const oneScale = ({ params }: { readonly params: { readonly quant_type: string } }) =>
  params.quant_type in BITS
    ? ONE_SETTING
    : { reason: `ONNX has no blocks with the minima of ${params.quant_type}` };

/** x W^T with codes from 0 up, whose middle is zero, and a scale for each block of a row. */
function timesBlocks(
  graph: Graph,
  x: ValueName,
  { codes, scales, rows, width }: Blocks,
  bits: 4 | 8,
): ValueName {
  const packed = packing(bits).pack(codes, 0);
  const shape = [rows, width / BLOCK, (BLOCK * bits) / 8];
  const weight = graph.constant(hostTensor('u8', shape, packed));
  const params = { bits, block_size: BLOCK, out_features: rows, in_features: width };
  return matMulNBits(graph, [x, weight, graph.constant(scales)], params);
}

/** Trits in the codes of four bits of MatMulNBits, with their scale for every block. */
function tritBlocks(
  { x, packed, scale }: InputsOf<typeof ternaryMatmul, HostTensor>,
  { out_features: rows, order }: ParamsOf<typeof ternaryMatmul>,
): Blocks {
  const width = x.shape.at(-1) as number;
  const count = rows * width;
  const { data } = packed;
  const trits = order === 'base3' ? unpackDenseTrits(data, count) : unpackTrits(data, count, order);
  const codes = Uint8Array.from(trits, (trit) => trit + 8);
  const shape = [rows, width / BLOCK];
  const scaleOf = (row: number) => (scale ? (scale.data[scale.data.length > 1 ? row : 0] ?? 1) : 1);
  const values = Array.from({ length: rows * (width / BLOCK) }, (_, i) =>
    scaleOf(Math.floor(i / (width / BLOCK))),
  );
  return { codes, scales: hostTensorFrom('f32', shape, values), rows, width };
}

/**
 * x W^T with codes from 0 up, which are as MLX stores them, and a scale and a bias for each group: a
 * group's bias meets the sum of its part of x.
 */
function timesAffine(
  graph: Graph,
  x: ValueName,
  packed: Uint8Array<ArrayBuffer>,
  { x: { shape }, scales, biases }: InputsOf<typeof mlxMatmul, HostTensor>,
  { bits, group_size, in_features, out_features }: ParamsOf<typeof mlxMatmul>,
): ValueName {
  const groups = in_features / group_size;
  // Groups are whole blocks of 32, for which its kernels are fastest.
  const blocks = in_features / BLOCK;
  const weight = graph.constant(
    hostTensor('u8', [out_features, blocks, (BLOCK * bits) / 8], packed),
  );
  const count = out_features * blocks;
  const steps = cutInto((scales as HostTensor).data, count, group_size / BLOCK);
  const zero = new Uint8Array(out_features * Math.ceil((blocks * bits) / 8));
  const inBlocks = [
    graph.constant(hostTensorFrom('f32', [count], steps)),
    graph.constant(hostTensor('u8', [zero.length], zero)),
  ];
  const params = { bits: bits as 4 | 8, block_size: BLOCK, out_features, in_features };
  const scaled = matMulNBits(graph, [x, weight, ...inBlocks], params);
  const parts = graph.integers([...shape.slice(0, -1), groups, group_size]);
  const sums = graph.node('ReduceSum', [graph.node('Reshape', [x, parts]), graph.integers([-1])], {
    keepdims: 0,
  });
  const columns = graph.node('Transpose', [graph.constant(biases as HostTensor)], { perm: [1, 0] });
  return graph.node('Add', [scaled, graph.node('MatMul', [sums, columns])]);
}

/** Products with weights that are parts of the model, and the weights themselves. */
export const operators = [
  operator(
    ggufDequantize,
    ({ graph, tensors: { packed }, params: { quant_type } }) => {
      const { codes, scales, rows, width } = blocksOf(packed, quant_type as Type);
      const shape = [...packed.shape.slice(0, -1), width];
      // Signed codes, whose zero is 0.
      const stored =
        quant_type === 'q8_0'
          ? graph.constant(
              hostTensor(
                'i8',
                [rows, width],
                Int8Array.from(codes, (c) => c - 128),
              ),
            )
          : graph.stored(
              'i4',
              [rows, width],
              packing(4).pack(
                codes.map((c) => c ^ 8),
                0,
              ),
            );
      const inputs = [stored, graph.constant(scales)];
      const value = graph.node('DequantizeLinear', inputs, { axis: 1, block_size: BLOCK });
      return {
        y: { value: graph.node('Reshape', [value, graph.integers(shape)]), type: 'f32' },
      };
    },
    oneScale,
  ),
  operator(
    ggufMatmul,
    ({ graph, fed, tensors: { packed }, params: { quant_type } }) => {
      const type = quant_type as Type;
      return { y: timesBlocks(graph, fed('x'), blocksOf(packed, type), BITS[type]) };
    },
    oneScale,
  ),
  operator(
    ternaryMatmul,
    ({ graph, fed, tensors, params }) => ({
      y: timesBlocks(graph, fed('x'), tritBlocks(tensors, params), 4),
    }),
    ({ tensors: { x } }) =>
      (x.shape.at(-1) as number) % BLOCK === 0
        ? ONE_SETTING
        : { reason: `rows are no blocks of ${BLOCK}` },
  ),
  operator(
    mlxMatmul,
    ({ graph, fed, kept, tensors, params, setting }) => {
      const { group_size, in_features, out_features, bits } = params;
      const groups = in_features / group_size;
      const { data } = tensors.packed;
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
      if (setting === 'MatMulNBits')
        return { y: timesAffine(graph, fed('x'), bytes, tensors, params) };
      const stored = graph.stored(bits === 4 ? 'u4' : 'u8', [out_features, in_features], bytes);
      const along = { axis: 1, block_size: group_size };
      const steps = graph.node('DequantizeLinear', [stored, kept('scales')], along);
      const reshaped = (value: ValueName, shape: readonly number[]) =>
        graph.node('Reshape', [value, graph.integers(shape)]);
      const shifted = graph.node('Add', [
        reshaped(steps, [out_features, groups, group_size]),
        reshaped(kept('biases'), [out_features, groups, 1]),
      ]);
      const weight = reshaped(shifted, [out_features, in_features]);
      const columns = graph.node('Transpose', [weight], { perm: [1, 0] });
      return { y: graph.node('MatMul', [fed('x'), columns]) };
    },
    ({ params: { mode, bits, transpose_weight } }): readonly string[] | Reason => {
      if (mode !== 'affine')
        return { reason: `ONNX of opset 21 has no blocks of the type ${mode}` };
      if (!transpose_weight) return { reason: 'weights are asked for as [out, in] alone' };
      return bits === 4 || bits === 8
        ? ['MatMulNBits', 'DequantizeLinear']
        : { reason: `ONNX has no codes of ${bits} bits` };
    },
  ),
];
