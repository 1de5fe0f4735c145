import { dynamicMap } from '../../../quant/dynamic-map.ts';
import { FOUR_BIT_ASCENDING, FOUR_BIT_THRESHOLDS, FOUR_BIT_ZERO_CODE } from '../../../quant/four-bit-tables.ts';
import { blockAbsmax } from '../../quant/blocks.ts';
import type { Quantize4bitParams } from '../../quant/nested.ts';
import type { Value, Values } from '../../record.ts';
import type { SimulatedGpu } from '../simulated-gpu.ts';
import type { Simulation } from '../simulation.ts';
import { workgroupSum } from '../sums.ts';
import { relativeTo } from './block-scale.ts';
import { decodeCodes } from './dequantize_4bit.ts';
import { dequantizeBlocks, quantizeBlocks } from './quantize_blockwise.ts';

/** The second level of double quantization: the mean is taken off, the rest are 8-bit codes. */
function compress(gpu: SimulatedGpu, absmax: Float64Array, params: Quantize4bitParams): Values {
  const { nested_blocksize: blocksize = 256, nested_rounding: rounding = 'nearest' } = params;
  const map = dynamicMap(true);
  const offset = gpu.div(workgroupSum(gpu, absmax), absmax.length);
  const centred = absmax.map((a) => gpu.sub(a, offset));
  const { q, absmax: scales } = quantizeBlocks(gpu, centred, map, { blocksize, rounding });
  return {
    absmax: { shape: [absmax.length], data: dequantizeBlocks(gpu, q, map, scales, blocksize, offset) },
    absmax_q: { shape: [q.length], data: q },
    nested_absmax: { shape: [scales.length], data: scales },
    nested_offset: { shape: [1], data: Float64Array.of(offset) },
  };
}

export const simulation: Simulation<Quantize4bitParams> = {
  op: 'quantize_4bit',
  forward: (gpu, inputs, params) => {
    const { shape, data, dtype } = inputs['weight'] as Value;
    const { quant_type, blocksize } = params;
    const raw = blockAbsmax(data, blocksize);
    const codes = data.map((x, i) => {
      const y = relativeTo(gpu, x, raw[Math.floor(i / blocksize)] as number);
      const rank = FOUR_BIT_THRESHOLDS[quant_type].filter((t) => y > t).length;
      return FOUR_BIT_ASCENDING[quant_type][rank] as number;
    });
    const bytes = Float64Array.from(
      { length: Math.ceil(codes.length / 2) },
      (_, k) => 16 * (codes[2 * k] as number) + (codes[2 * k + 1] ?? FOUR_BIT_ZERO_CODE[quant_type]),
    );
    const scales = params.compress_statistics ? compress(gpu, raw, params) : { absmax: { shape: [raw.length], data: raw } };
    const dequant = decodeCodes(gpu, codes, (scales['absmax'] as Value).data, params, dtype);
    return { packed: { shape: [bytes.length, 1], data: bytes }, ...scales, dequant: { shape, data: dequant } };
  },
};
