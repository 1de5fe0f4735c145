import shader from '../../../shaders/matmul/matmul_4bit.wgsl';
import gradShader from '../../../shaders/matmul/matmul_4bit_grad.wgsl';
import gradSubgroupShader from '../../../shaders/matmul/matmul_4bit_grad_subgroup.wgsl';
import subgroupShader from '../../../shaders/matmul/matmul_4bit_subgroup.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Constants } from '../../gpu/pipelines.ts';
import { type Shader, spread, u32 } from '../../gpu/shader.ts';
import { FOUR_BIT_BLOCK_SIZES, type FourBitType } from '../../quant/four-bit-tables.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { Variant } from '../op.ts';
import { checkType } from '../quant/dequantize_4bit.ts';
import { rowsOfLane } from './product.ts';

/** Parameters of {@link multiply4bit}; the sizes are those of the weight, which packed codes alone do not tell. */
export interface Matmul4bitParams {
  readonly quant_type: FourBitType;
  /** Elements of the flat weight that share one absmax: a power of two from 32 to 4096. */
  readonly blocksize: number;
  readonly out_features: number;
  readonly in_features: number;
  /** True (default) for y = x W^T, false for y = x W. */
  readonly transpose_weight?: boolean;
}

/** Ways to multiply by a 4-bit weight; one invocation adds all terms of a sum. */
export const FOUR_BIT_VARIANTS = {
  register: { kernels: ['matmul/matmul_4bit', 'matmul/matmul_4bit_grad'], depth: (terms) => terms },
  subgroup: {
    kernels: ['matmul/matmul_4bit_subgroup', 'matmul/matmul_4bit_grad_subgroup'],
    depth: (terms) => terms,
    needs: ['subgroups'],
    prefers: (gpu) => gpu.adapter.isFallback,
  },
} as const satisfies Readonly<Record<string, Variant>>;

/** A kernel, and the rows and columns of the result that one invocation of it computes. */
interface Kernel {
  readonly shader: Shader;
  readonly rows: number;
  readonly cols: number;
  /** What the number of tiles in a row is a multiple of. */
  readonly padding: number;
  readonly constants?: Constants;
}

/** The kernel of a variant for x W^T (transposed) or x W, for x of m rows. */
function kernelOf(variant: string, transposed: boolean, m: number): Kernel {
  if (variant !== 'subgroup') {
    return transposed ? { shader, rows: 8, cols: 4, padding: 1 } : { shader: gradShader, rows: 4, cols: 8, padding: 1 };
  }
  if (!transposed) return { shader: gradSubgroupShader, rows: 8, cols: 8, padding: 4 };
  const rows = rowsOfLane(m);
  return { shader: subgroupShader, rows, cols: 4, padding: 4, constants: { ROWS: rows } };
}

/** Operands of {@link multiply4bit}. */
interface FourBitOperands {
  readonly x: Tensor;
  readonly packed: Tensor;
  readonly absmax: Tensor;
}

/** Computes {@link matmul4bit} with the kernel of `variant`. */
export function multiply4bit(gpu: Gpu, { x, packed, absmax }: FourBitOperands, params: Matmul4bitParams, variant: string): Tensor {
  checkWeight(packed, absmax, params);
  const { quant_type, blocksize, out_features, in_features, transpose_weight = true } = params;
  const [terms, cols] = transpose_weight ? [in_features, out_features] : [out_features, in_features];
  const batch = x.shape.slice(0, -1);
  const m = sizeOf(batch);
  if (x.shape.at(-1) !== terms || m === 0) {
    throw new ShapeError(`matmul_4bit: x ${formatShape(x.shape)} does not fit a weight of ${out_features} x ${in_features}`);
  }
  const y = Tensor.empty(gpu, 'f32', [...batch, cols]);
  const kernel = kernelOf(variant, transpose_weight, m);
  // A row of tiles is padded to whole quads where the lanes of one share their rows.
  const tiles = Math.ceil(cols / kernel.cols / kernel.padding) * kernel.padding;
  gpu.dispatch({
    shader: kernel.shader,
    constants: { ALIGNED: Number(in_features % 8 === 0), ...kernel.constants },
    bindings: [x.binding, packed.binding, absmax.binding, y.binding],
    uniforms: [m, out_features, in_features, Math.log2(blocksize), tiles, Number(quant_type === 'fp4')].map(u32),
    workgroups: spread(Math.ceil((tiles * Math.ceil(m / kernel.rows)) / 64)),
    flops: 2 * m * terms * cols,
    product: { count: y.size },
  });
  return y;
}

function checkWeight(packed: Tensor, absmax: Tensor, { quant_type, blocksize, out_features, in_features }: Matmul4bitParams): void {
  checkType(quant_type);
  if (!FOUR_BIT_BLOCK_SIZES.some((size) => size === blocksize)) {
    throw new ShapeError(`matmul_4bit: blocksize ${blocksize} is not one of ${FOUR_BIT_BLOCK_SIZES.join(', ')}`);
  }
  const elements = out_features * in_features;
  // Codes are counted in 32 bits, and two of them are a byte: a binding can hold more than that.
  if (elements > 2 ** 32) throw new ShapeError(`matmul_4bit: a weight of ${out_features} x ${in_features} has more than 2^32 elements`);
  const [bytes, blocks] = [Math.ceil(elements / 2), Math.ceil(elements / blocksize)];
  if (packed.size !== bytes || absmax.size !== blocks || elements === 0) {
    throw new ShapeError(
      `matmul_4bit: a weight of ${out_features} x ${in_features} in blocks of ${blocksize} needs ${bytes} bytes of codes and ${blocks} absmax, not ${packed.size} and ${absmax.size}`,
    );
  }
}
