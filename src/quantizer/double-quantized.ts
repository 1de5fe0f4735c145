import type { Tape } from '../autograd/tape.ts';
import { quantizedTensors } from '../formats/quantized-checkpoint.ts';
import { add } from '../ops/math/add.ts';
import { dequantizeBlockwise } from '../ops/quant/dequantize_blockwise.ts';
import { dynamicMap } from '../ops/quant/dynamic_map.ts';
import { quantizerOf } from '../ops/quant/quantize.ts';
import { format as dynamic } from '../quant/dynamic/format.ts';
import { createDynamicMap } from '../quant/dynamic/map.ts';
import type { NestedStatistics } from '../quant/dynamic/nested.ts';
import type { BlockFormat } from '../quant/format.ts';
import type { QuantizedWeight } from '../quant/weight.ts';
import { type HostTensor, type HostTensors, hostTensor } from '../tensor/host.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type CodedWeight, type Coding, decodedWeight, multiplied, type Parts } from './coding.ts';
import type { Scheme } from './method.ts';

/** Scales of 4-bit codes that share one of theirs, as bitsandbytes has it. */
export const SCALES_IN_A_BLOCK = 256;

/** What is kept: codes, codes of their scales with scale, mean and map of these. */
type Part = 'packed' | 'absmax_q' | 'nested_absmax' | 'nested_offset' | 'code';

/**
 * bitsandbytes' double quantization (`compress_statistics`) of a 4-bit format: scales are codes of 8
 * bits of the dynamic map, after their mean was taken off. They are restored in float32 where the
 * weight is needed, and its codes are decoded in registers as ever. As the mean is that of all scales,
 * rows are not quantized apart.
 */
export function doubleQuantized(format: BlockFormat, blocksize: number): Scheme {
  const { quantize, dequantize, multiply } = format.ops;
  const inFormat = (tape: Tape, weight: CodedWeight, layer: string): QuantizedWeight<Tensor> => {
    const { packed, ...parts } = weight.parts as Parts<Part>;
    const absmax = tape.noGrad(() => restoredScales(tape, parts, layer));
    return { format, blocksize, shape: weight.shape, parts: { packed, absmax } };
  };
  const coding: Coding = {
    name: format.name,
    inFormat,
    decode: (tape, weight, layer) => decodedWeight(tape, inFormat(tape, weight, layer), layer),
    multiply: (tape, weight, x, layer) => multiplied(tape, inFormat(tape, weight, layer), x, layer),
  };
  return {
    ops: [quantize, 'dynamic_map', 'dequantize_blockwise', 'add', dequantize, multiply.op],
    product: `${multiply.op}, decoded in registers`,
    parts: (shape) => {
      const scales = Math.ceil(sizeOf(shape) / blocksize);
      return {
        packed: { dtype: 'u8', shape: [format.packing.bytesOf(sizeOf(shape)), 1] },
        absmax_q: { dtype: 'u8', shape: [scales] },
        nested_absmax: { dtype: 'f32', shape: [Math.ceil(scales / SCALES_IN_A_BLOCK)] },
        nested_offset: { dtype: 'f32', shape: [1] },
        code: { dtype: 'f32', shape: [256] },
      };
    },
    stored: {
      packed: 'weight',
      absmax_q: 'weight.absmax',
      nested_absmax: 'weight.nested_absmax',
      nested_offset: 'weight.nested_offset',
      code: 'weight.nested_quant_map',
    },
    filed: (parts, shape) =>
      quantizedTensors(
        new Map([
          ['weight', { format, blocksize, shape, dtype: 'float32', ...nestedParts(parts) }],
        ]),
      ),
    quantize: (tape, weight, layer) => {
      const params = {
        ...{ quant_type: format.name, blocksize, compress_statistics: true },
        ...{ nested_blocksize: SCALES_IN_A_BLOCK, nested_rounding: 'nearest' as const },
      };
      const made = tape.apply(quantizerOf(format), { weight }, params, layer);
      const { packed, absmax_q, nested_absmax, nested_offset } = made as Record<
        Exclude<Part, 'code'>,
        Tensor
      >;
      const { code } = tape.apply(dynamicMap, {}, {}, `${layer}.map`);
      return { packed, absmax_q, nested_absmax, nested_offset, code };
    },
    weight: (parts, shape) => ({ format: coding, shape, parts }),
  };
}

/** Rounded after their product and after their sum. */
function restoredScales(
  tape: Tape,
  { absmax_q: q, nested_absmax: absmax, nested_offset: b, code }: Parts<Exclude<Part, 'packed'>>,
  layer: string,
): Tensor {
  const params = { blocksize: SCALES_IN_A_BLOCK };
  const inputs = { q, code, absmax };
  const { y: a } = tape.apply(dequantizeBlockwise, inputs, params, `${layer}.absmax`);
  return tape.apply(add, { a, b }, {}, `${layer}.absmax_offset`).y;
}

/** The codes of a weight and its compressed scales, as a file has them. */
function nestedParts(parts: HostTensors) {
  const {
    packed,
    absmax_q: q,
    nested_absmax: absmax,
    nested_offset: { data: offset },
  } = parts as Record<Part, HostTensor>;
  const scales = { format: dynamic, blocksize: SCALES_IN_A_BLOCK, shape: q.shape };
  return {
    parts: { packed },
    nested: { scales: { ...scales, parts: { q, absmax } }, offset: offset[0] as number },
  };
}

/** The parts of a weight whose scales a file has in codes. */
export function doubleQuantizedParts(
  packed: HostTensor,
  { scales: { parts }, offset }: NestedStatistics<HostTensor>,
): Readonly<Record<Part, HostTensor>> {
  const { q, absmax } = parts as Record<'q' | 'absmax', HostTensor>;
  return {
    packed,
    absmax_q: q,
    nested_absmax: absmax,
    nested_offset: hostTensor('f32', [1], Float32Array.of(offset)),
    code: hostTensor('f32', [256], createDynamicMap(true)),
  };
}
