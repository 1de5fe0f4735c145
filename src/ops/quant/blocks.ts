import shader from '../../../shaders/quant/block_absmax.wgsl';
import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, u32 } from '../../gpu/shader.ts';
import { type BlockFormat, blockSizesOf, takesBlocks } from '../../quant/format.ts';
import type { DType } from '../../tensor/dtype.ts';
import type { Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { chooseLaunch, type LaunchVariant, type Variant } from '../variants.ts';

/** A block size, type, rounding or dtype that no kernel of the family has. */
export class QuantizationError extends GradproofError {
  constructor(message: string) {
    super('not-implemented', message);
  }
}

/**
 * How the largest element of a block is found: by one invocation, or by sixteen of a workgroup,
 * which a GPU with many lanes needs for its large blocks and whose barrier costs a CPU adapter more
 * than it saves. Either is exact.
 */
const ABSMAX_VARIANTS = {
  serial: { sizes: () => ({ LANES: 1 }) },
  cooperative: { sizes: () => ({ LANES: 16 }) },
} as const satisfies Readonly<Record<string, Omit<LaunchVariant<'x'>, 'kernels'>>>;

/** Both variants with the kernels of an op, and the sum that it contains, if any. */
export function blockVariants(
  kernels: readonly string[],
  sum?: Pick<Variant, 'lanes' | 'depth'>,
): Record<keyof typeof ABSMAX_VARIANTS, Variant> {
  const serial = { kernels: [shader.file, ...kernels], ...sum };
  return { serial, cooperative: serial };
}

/**
 * Value of a kernel's STORAGE constant. Throws {@link QuantizationError} for a dtype that is no
 * float.
 */
export function storageOf(dtype: DType): number {
  const storage = ['f32', 'f16', 'bf16'].indexOf(dtype);
  if (storage < 0) throw new QuantizationError(`cannot quantize ${dtype}: give f32, f16 or bf16`);
  return storage;
}

/**
 * Throws {@link QuantizationError} unless blocks are a power of two of 32 to 2^24 elements, more of
 * which the indices of a workgroup would not hold.
 */
export function checkBlock(block: number): void {
  const shift = Math.log2(block);
  if (!Number.isInteger(shift) || shift < 5 || shift > 24)
    throw new QuantizationError(`blocksize ${block}: give a power of two from 32 to 16777216`);
}

/** Throws {@link QuantizationError} for a block size that a format does not have. */
export function checkBlockOf(format: BlockFormat, block: number, shape: Shape): void {
  if (!takesBlocks(format, block, shape))
    throw new QuantizationError(
      `blocksize ${block} of ${format.name}: give ${blockSizesOf(format)}`,
    );
}

/** The constant LANES of kernels whose invocations share blocks or columns, in a variant. */
export function lanesIn(gpu: Gpu, variant: string, x: Tensor): { readonly LANES: number } {
  const { sizes } = chooseLaunch(gpu, ABSMAX_VARIANTS, variant, { x });
  return { LANES: sizes['LANES'] as number };
}

/**
 * Largest absolute value of each block of the flat tensor `x` (f32, f16 or bf16): f32 [ceil(n /
 * block)], exact; of those alone whose bits in storage, without the sign, are below `limit`. The
 * caller owns it.
 */
export function blockAbsmax(
  gpu: Gpu,
  x: Tensor,
  block: number,
  variant: string,
  limit?: number,
): Tensor {
  const lanes = lanesIn(gpu, variant, x);
  const blocks = Math.ceil(x.size / block);
  const absmax = Tensor.empty(gpu, 'f32', [blocks]);
  gpu.dispatch({
    shader,
    constants: {
      STORAGE: storageOf(x.dtype),
      ...lanes,
      ...(limit === undefined ? {} : { LIMIT: limit }),
    },
    bindings: [x.words(), absmax.binding],
    uniforms: [u32(x.size), u32(block), u32(blocks)],
    workgroups: linearGrid(blocks * lanes.LANES),
  });
  return absmax;
}
