import { createDynamicMap } from '../../quant/dynamic/map.ts';
import { blockFormatOf } from '../../quant/registry.ts';
import { quantizations } from '../../vocabulary/quant/quantize.ts';
import { defineSimulation } from '../define.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { workgroupSum } from '../simulation/sums.ts';
import { relativeTo } from './block-scale.simulation.ts';
import { blockAbsmax, blockScales } from './blocks.ts';
import { decodeStored } from './dequantize.simulation.ts';
import type { NestedParams } from './nested.ts';
import { dequantizeBlocks, quantizeBlocks } from './quantize_blockwise.simulation.ts';

/** The second level of double quantization: the mean is taken off, the rest are 8-bit codes. */
function compress(gpu: SimulatedGpu, absmax: Float64Array, params: NestedParams) {
  const { nested_blocksize: blocksize, nested_rounding: rounding = 'nearest' } = params;
  const map = createDynamicMap(true);
  const offset = gpu.div(workgroupSum(gpu, absmax), absmax.length);
  const centred = absmax.map((a) => gpu.sub(a, offset));
  const { q, absmax: scales } = quantizeBlocks(gpu, centred, map, { blocksize, rounding });
  return {
    absmax: {
      shape: [absmax.length],
      data: dequantizeBlocks(gpu, q, map, scales, blocksize, offset),
    },
    absmax_q: { shape: [q.length], data: q },
    nested_absmax: { shape: [scales.length], data: scales },
    nested_offset: { shape: [1], data: Float64Array.of(offset) },
  };
}

export const simulations = Array.from(quantizations.values(), (signature) =>
  defineSimulation(signature, {
    forward: (gpu, { weight: { shape, data, dtype } }, params) => {
      const { quant_type, blocksize } = params;
      const format = blockFormatOf(quant_type);
      const { ascending, thresholds } = format.rounding;
      const raw = params.compress_statistics
        ? blockAbsmax(data, blocksize)
        : blockScales(data, blocksize, format);
      const codes = data.map((x, i) => {
        const y = relativeTo(gpu, x, raw[Math.floor(i / blocksize)] as number);
        return ascending[thresholds.filter((t) => y > t).length] as number;
      });
      const bytes = Float64Array.from(format.packing.pack(codes, format.zeroCode));
      const scales = params.compress_statistics
        ? compress(gpu, raw, params)
        : { absmax: { shape: [raw.length], data: raw } };
      const parts = { packed: { data: bytes }, absmax: scales.absmax };
      const dequant = decodeStored(gpu, { format, blocksize, shape, parts }, dtype);
      return {
        packed: { shape: [bytes.length, 1], data: bytes },
        ...scales,
        dequant: { shape, data: dequant },
      };
    },
  }),
);
