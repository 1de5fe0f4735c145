import { format as ternary } from '../../../../src/quant/ternary/format.ts';
import { type HostTensor, hostTensor } from '../../../../src/tensor/host.ts';
import { type Shape, sizeOf } from '../../../../src/tensor/shape.ts';
import { decodeSmallFloat } from '../../../../src/vocabulary/quant/decode_small_float.ts';
import { dequantizeBlockwise } from '../../../../src/vocabulary/quant/dequantize_blockwise.ts';
import { ternaryUnpack } from '../../../../src/vocabulary/quant/ternary_pack.ts';
import { unpackCodes } from '../../../../src/vocabulary/quant/unpack_codes.ts';
import { type Graph, typeCode, type ValueName } from '../graph.ts';
import { ONE_SETTING, operator } from '../operator.ts';

const byte = (graph: Graph, value: number) =>
  graph.constant({ ...hostTensor('u8', [1], Uint8Array.of(value)), shape: [] });

/** Of every byte the codes that stand in it, from its lowest bits up: one tensor for each place. */
export function slicesOf(graph: Graph, packed: ValueName, bits: number): readonly ValueName[] {
  return Array.from({ length: 8 / bits }, (_, k) => {
    const shifted =
      k === 0
        ? packed
        : graph.node('BitShift', [packed, byte(graph, k * bits)], { direction: 'RIGHT' });
    return graph.node('BitwiseAnd', [shifted, byte(graph, 2 ** bits - 1)]);
  });
}

/** The first codes that fill `shape`, of slices one after the other or of bytes one after the other. */
export function joined(
  graph: Graph,
  slices: readonly ValueName[],
  shape: Shape,
  isByByte: boolean,
): ValueName {
  const columns = slices.map((slice) =>
    graph.node('Reshape', [slice, graph.integers(isByByte ? [-1, 1] : [1, -1])]),
  );
  const all = graph.node('Concat', columns, { axis: isByByte ? 1 : 0 });
  const flat = graph.node('Reshape', [all, graph.integers([-1])]);
  const ends = [[0], [sizeOf(shape)]].map((at) => graph.integers(at));
  const first = graph.node('Slice', [flat, ...ends, graph.integers([0])]);
  return graph.node('Reshape', [first, graph.integers(shape)]);
}

/** Types of eight bits that ONNX has as element types. */
export const SMALL = { e4m3: 'e4m3', e4m3fnuz: 'e4m3fnuz', e5m2: 'e5m2' } as const;

/** Words as the bytes that they are, the lowest first. */
function bytesOf({ data }: HostTensor): HostTensor {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  return hostTensor('u8', [bytes.length], bytes);
}

/** Which block of the absmax each element is of. */
export function blockIndices({ shape }: HostTensor, blocksize: number): HostTensor {
  const indices = Int32Array.from({ length: sizeOf(shape) }, (_, i) => Math.floor(i / blocksize));
  return hostTensor('i32', shape, indices);
}

/** Codes of fewer bits than a byte, and bytes that stand for floats. */
export const operators = [
  operator(
    unpackCodes,
    ({ graph, fed, tensors: { packed }, params: { bits, order, shape } }) => {
      const bytes = packed.dtype === 'u8' ? fed('packed') : graph.constant(bytesOf(packed));
      const slices = slicesOf(graph, bytes, bits);
      const given = order === 'high' ? slices.toReversed() : slices;
      return { codes: { value: joined(graph, given, shape, order === 'stream'), type: 'u8' } };
    },
    ({ params: { bits, order }, tensors: { packed } }) => {
      if (packed.dtype !== 'u8' && order !== 'stream')
        return { reason: 'its BitShift takes no signed words' };
      return 8 % bits === 0 ? ONE_SETTING : { reason: 'codes that share no byte have no operator' };
    },
    'BitShift',
  ),
  operator(
    ternaryUnpack,
    ({ graph, fed, params: { shape } }) => {
      const slices = slicesOf(graph, fed('packed'), ternary.packing.bits);
      const codes = joined(graph, slices, shape, true);
      const signed = graph.node('Cast', [codes], { to: typeCode('i32') });
      const one = graph.constant({ ...hostTensor('i32', [1], Int32Array.of(1)), shape: [] });
      const trits = graph.node('Sub', [signed, one]);
      return {
        trits: { value: graph.node('Cast', [trits], { to: typeCode('i8') }), type: 'i8' },
      };
    },
    ({ params: { order } }) =>
      order === 'low' ? ONE_SETTING : { reason: 'trits are asked for from the lowest bits up' },
    'BitShift',
  ),
  operator(
    decodeSmallFloat,
    ({ graph, tensors: { codes }, params: { type } }) => {
      const stored = graph.stored(
        SMALL[type as keyof typeof SMALL],
        codes.shape,
        Uint8Array.from(codes.data),
      );
      return {
        y: { value: graph.node('Cast', [stored], { to: typeCode('f32') }), type: 'f32' },
      };
    },
    ({ params: { type } }) =>
      type in SMALL ? ONE_SETTING : { reason: `ONNX of opset 21 has no floats of type ${type}` },
  ),
  operator(dequantizeBlockwise, ({ graph, fed, kept, tensors: { q }, params: { blocksize } }) => {
    const index = graph.node('Cast', [fed('q')], { to: typeCode('i32') });
    const values = graph.node('Gather', [kept('code'), index], { axis: 0 });
    const blocks = graph.constant(blockIndices(q, blocksize));
    const scales = graph.node('Gather', [kept('absmax'), blocks], { axis: 0 });
    return { y: { value: graph.node('Mul', [values, scales]), type: 'f32' } };
  }),
];
