import { blockFormatOf } from '../../../src/quant/registry.ts';
import type { DeviceWeight } from '../../../src/quantizer/coding.ts';
import { EPS, storageStep } from '../../../src/reference/bounds.ts';
import { nearestOf } from '../../../src/reference/quant/nearest.ts';
import type { Value } from '../../../src/reference/record.ts';
import { valuesOf } from '../../../src/tensor/host.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';

/** Formats of a base. */
export const BASES = ['f32', 'f16', 'bf16', 'nf4', 'llm_int8', 'hqq'] as const;
export type Base = (typeof BASES)[number];

/** Roundings of a quotient, a product and a sum that choose between two codes of equal distance. */
const ROUNDINGS = 16;
/** Levels of HQQ in 4 bits, whose groups lie along rows. */
const HQQ_LEVELS = Array.from({ length: 16 }, (_, code) => code);

/**
 * How far each element of a weight may be from what its form on the device stands for: of halves half
 * a step, of codes the distance of the nearest level that its scale allows.
 */
export async function storedLimits(
  base: Base,
  weight: Value,
  stored: DeviceWeight,
): Promise<Float64Array> {
  const part = async (name: string) => valuesOf(await (stored.parts[name] as Tensor).read());
  const width = weight.shape[1] as number;
  switch (base) {
    case 'f32':
      return weight.data.map(() => 0);
    case 'f16':
    case 'bf16':
      return weight.data.map((x) => storageStep(x, base) / 2);
    case 'nf4': {
      const absmax = await part('absmax');
      const levels = Array.from(blockFormatOf('nf4').values);
      const elements = stored.blocksize as number;
      return weight.data.map((x, i) => {
        const scale = absmax[Math.floor(i / elements)] as number;
        const level = nearestOf(levels, x / scale);
        return Math.abs(x - level * scale) + ROUNDINGS * EPS * scale;
      });
    }
    case 'llm_int8': {
      const largest = await part('row_stats');
      return weight.data.map((x, i) => {
        const scale = largest[Math.floor(i / width)] as number;
        // bitsandbytes rounds a weight to halves first.
        return storageStep(x, 'f16') / 2 + scale / 254 + ROUNDINGS * EPS * scale;
      });
    }
    case 'hqq': {
      const scales = await part('scale');
      const zeros = await part('zero');
      const elements = weight.data.length / scales.length;
      return weight.data.map((x, i) => {
        const group = Math.floor(i / elements);
        const scale = scales[group] as number;
        const zero = zeros[group] as number;
        const code = nearestOf(HQQ_LEVELS, x / scale + zero);
        const size = (HQQ_LEVELS.length + Math.abs(zero)) * scale;
        return Math.abs(x - (code - zero) * scale) + ROUNDINGS * EPS * size;
      });
    }
  }
}
