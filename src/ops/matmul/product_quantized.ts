import shaders from '../../../shaders/matmul/matmul_quantized.wgsl?formats';
import gradShaders from '../../../shaders/matmul/matmul_quantized_grad.wgsl?formats';
import gradSubgroupShaders from '../../../shaders/matmul/matmul_quantized_grad_subgroup.wgsl?formats';
import subgroupShaders from '../../../shaders/matmul/matmul_quantized_subgroup.wgsl?formats';
import { type Gpu, hasFewLanes } from '../../gpu/gpu.ts';
import type { Constants } from '../../gpu/pipelines.ts';
import { linearGrid, type ShaderOfFormats, u32 } from '../../gpu/shader.ts';
import { blockSizesOf, takesBlocks } from '../../quant/format.ts';
import { partsOf, type QuantizedWeight } from '../../quant/weight.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { blockSizes, shaderOf } from '../quant/format-shader.ts';
import { chooseLaunch, type LaunchVariant } from '../variants.ts';
import { rowsOfLane } from './product.ts';

/** Ways to multiply by a quantized weight; one invocation adds all terms of a sum. */
export const QUANTIZED_VARIANTS = {
  register: {
    kernels: ['matmul/matmul_quantized', 'matmul/matmul_quantized_grad'],
    depth: (terms) => terms,
  },
  subgroup: {
    kernels: ['matmul/matmul_quantized_subgroup', 'matmul/matmul_quantized_grad_subgroup'],
    depth: (terms) => terms,
    needs: ['subgroups'],
    prefers: hasFewLanes,
    sizes: ({ operands: { x } }) => ({ ROWS: rowsOfLane(sizeOf(x.shape.slice(0, -1))) }),
  },
} as const satisfies Readonly<Record<string, LaunchVariant<'x'>>>;

/** A kernel, and the rows and columns of the result that one invocation of it computes. */
interface Kernel {
  readonly shaders: ShaderOfFormats;
  readonly rows: number;
  readonly cols: number;
  /** The number of tiles in a row is a multiple of it. */
  readonly padding: number;
  readonly constants?: Constants;
}

/** The kernel for x W^T (transposed) or x W in an op that runs as `asked`. */
function kernelFor(gpu: Gpu, x: Tensor, transposed: boolean, asked: string): Kernel {
  const { variant, sizes } = chooseLaunch(gpu, QUANTIZED_VARIANTS, asked, { x });
  if (variant !== 'subgroup') {
    return transposed
      ? { shaders, rows: 8, cols: 4, padding: 1 }
      : { shaders: gradShaders, rows: 4, cols: 8, padding: 1 };
  }
  if (!transposed) return { shaders: gradSubgroupShaders, rows: 8, cols: 8, padding: 4 };
  const rows = sizes['ROWS'] as number;
  return { shaders: subgroupShaders, rows, cols: 4, padding: 4, constants: sizes };
}

/** x W^T (transposed), or x W, of a quantized weight W [out, in], with the kernel of `variant`. */
export function multiplyQuantized(
  gpu: Gpu,
  x: Tensor,
  weight: QuantizedWeight<Tensor>,
  transposed: boolean,
  variant: string,
): Tensor {
  const { codes, scales, blocksize } = checked(weight);
  const { format } = weight;
  const [out_features, in_features] = weight.shape as [number, number];
  const [terms, cols] = transposed ? [in_features, out_features] : [out_features, in_features];
  const batch = x.shape.slice(0, -1);
  const m = sizeOf(batch);
  if (x.shape.at(-1) !== terms || m === 0) {
    throw new ShapeError(
      `${format.ops.multiply?.op}: x ${formatShape(x.shape)} does not fit a weight of ${out_features} x ${in_features}`,
    );
  }
  const y = Tensor.empty(gpu, 'f32', [...batch, cols]);
  const kernel = kernelFor(gpu, x, transposed, variant);
  // A row of tiles is padded to whole quads where the lanes of one share their rows.
  const tiles = Math.ceil(cols / kernel.cols / kernel.padding) * kernel.padding;
  const blocks = blockSizes(format, blocksize, in_features);
  gpu.dispatch({
    shader: shaderOf(kernel.shaders, format),
    constants: { ...blocks.constants, ...kernel.constants },
    bindings: [x.binding, codes.binding, scales.binding, y.binding],
    uniforms: [...[m, out_features, in_features].map(u32), ...blocks.uniforms, u32(tiles)],
    workgroups: linearGrid(tiles * Math.ceil(m / kernel.rows)),
    flops: 2 * m * terms * cols,
    product: { count: y.size },
  });
  return y;
}

/**
 * Codes and scales of a weight and the size of its blocks. Throws ShapeError when they do not fit.
 */
function checked(weight: QuantizedWeight<Tensor>): {
  readonly codes: Tensor;
  readonly scales: Tensor;
  readonly blocksize: number;
} {
  const { format, blocksize, shape } = weight;
  const op = format.ops.multiply?.op;
  if (!takesBlocks(format, blocksize, shape))
    throw new ShapeError(`${op}: blocksize ${blocksize} is not ${blockSizesOf(format)}`);
  const [out_features, in_features] = shape as [number, number];
  const elements = out_features * in_features;
  // Codes are counted in 32 bits, and several may be a byte: a binding can hold more than that.
  if (elements > 2 ** 32)
    throw new ShapeError(
      `${op}: a weight of ${out_features} x ${in_features} has more than 2^32 elements`,
    );
  const bytes = format.packing.bytesOf(elements);
  const blocks = Math.ceil(elements / blocksize);
  const { codes, scales } = partsOf(weight);
  if (codes.size !== bytes || scales.size !== blocks || elements === 0) {
    throw new ShapeError(
      `${op}: a weight of ${out_features} x ${in_features} in blocks of ${blocksize} needs ${bytes} bytes of codes and ${blocks} absmax, not ${codes.size} and ${scales.size}`,
    );
  }
  return { codes, scales, blocksize };
}
