import dequantizeShader from '../../../shaders/quant/dequantize_rows.wgsl';
import listShader from '../../../shaders/quant/outlier_list.wgsl';
import maskShader from '../../../shaders/quant/outlier_mask.wgsl';
import quantizeShader from '../../../shaders/quant/quantize_rows.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { gridOfFours, linearGrid, spread, u32 } from '../../gpu/shader.ts';
import type { DType } from '../../tensor/dtype.ts';
import { hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { matrixOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { blockAbsmax, lanesIn, storageOf } from './blocks.ts';

/** Kernels of {@link quantizeRows}, beside that of a row's largest element. */
export const VECTORWISE_KERNELS = [maskShader.file, quantizeShader.file] as const;
/** That of {@link outlierList}. */
export const LIST_KERNEL = listShader.file;
/** That of {@link dequantizeRows}. */
export const DEQUANTIZE_ROWS = dequantizeShader.file;

/** 8-bit codes of rows, one scale a row. */
export interface RowCodes {
  /** Signed bytes, of the shape of what was quantized. */
  readonly q: Tensor;
  /** The largest magnitude of each row but for outliers: f32 [rows]. */
  readonly stats: Tensor;
  /** One byte a column, 1 where it holds an outlier; absent where none is looked for. */
  readonly mask?: Tensor;
}

/**
 * The bits of the least magnitude stored as `dtype` that is no smaller than the threshold, which is
 * taken in float32 as bitsandbytes' CUDA kernel takes it.
 */
function limitOf(threshold: number, dtype: DType): number {
  const held = Math.fround(threshold);
  const stored = hostTensorFrom(dtype, [1], [held]);
  const [bits] = dtype === 'f32' ? new Uint32Array(stored.data.buffer) : stored.data;
  return (bits as number) + Number((valuesOf(stored)[0] as number) < held);
}

/** Whether words of four codes are of one row, and how many of them an invocation then makes. */
function sharedBy(cols: number, words: number) {
  return { SHARED: Number(cols % 4 === 0), WORDS: cols % (4 * words) === 0 ? words : 1 };
}

interface RowOptions {
  /** From which magnitude on elements are outliers; default none is. */
  readonly threshold?: number;
  /** What stands for a smaller absmax where codes are made, not in statistics. Default 0. */
  readonly least?: number;
}

/**
 * Quantizes each row of `x` (f32, f16 or bf16; the last dimension is a row) to round(127 x / its
 * largest magnitude), ties to even. With a threshold above 0, elements as large as it or larger are
 * outliers: they do not count for their rows, and all codes of their columns are 0. Codes have the
 * bits of bitsandbytes wherever products round to nearest: 1 / absmax, which 127 is multiplied by, is
 * the nearest float32 on every adapter, and absmax itself is exact, whatever its size. The caller
 * owns the tensors.
 */
export function quantizeRows(
  gpu: Gpu,
  x: Tensor,
  { threshold = 0, least = 0 }: RowOptions,
  variant: string,
): RowCodes {
  const [rows, cols] = matrixOf(x.shape);
  const limit = threshold > 0 ? limitOf(threshold, x.dtype) : undefined;
  // A row without elements has no largest one, and blocks of none cannot be counted.
  const stats =
    cols === 0
      ? Tensor.zeros(gpu, [rows])
      : blockAbsmax(gpu, x.view([rows, cols]), cols, variant, limit);
  const mask =
    limit === undefined
      ? undefined
      : maskOf(gpu, x, { rows, cols, limit, ...lanesIn(gpu, variant, x) });
  const q = Tensor.empty(gpu, 'i8', x.shape);
  const shared = sharedBy(cols, 8);
  gpu.dispatch({
    shader: quantizeShader,
    constants: {
      STORAGE: storageOf(x.dtype),
      OUTLIERS: Number(mask !== undefined),
      LEAST: limitOf(least, 'f32'),
      ...shared,
      WHOLE: Number(x.size % 4 === 0),
    },
    // Without outliers the kernel reads no mask; a binding must be there all the same.
    bindings: [x.words(), stats.binding, mask?.binding ?? x.words(), q.binding],
    uniforms: [u32(x.size), u32(cols)],
    workgroups: gridOfFours(x.size / shared.WORDS),
  });
  return { q, stats, ...(mask && { mask }) };
}

interface Marking {
  readonly rows: number;
  readonly cols: number;
  readonly limit: number;
  readonly LANES: number;
}

function maskOf(gpu: Gpu, x: Tensor, { rows, cols, limit, LANES }: Marking): Tensor {
  const mask = Tensor.empty(gpu, 'u8', [cols]);
  gpu.dispatch({
    shader: maskShader,
    constants: { STORAGE: storageOf(x.dtype), LANES, LIMIT: limit },
    bindings: [x.words(), mask.binding],
    uniforms: [u32(rows), u32(cols)],
    workgroups: linearGrid(Math.ceil(cols / 4) * LANES),
  });
  return mask;
}

/**
 * The outlier columns, ascending, then -1 as far as the list goes: i32 [cols]. How many there are is
 * known on the device alone, so the list has room for all. The caller owns it.
 */
export function outlierList(gpu: Gpu, { q, stats, mask }: RowCodes): Tensor {
  const [, cols] = matrixOf(q.shape);
  const list = Tensor.empty(gpu, 'i32', [cols]);
  gpu.dispatch({
    shader: listShader,
    constants: { SOME: Number(mask !== undefined) },
    // Without a mask the kernel reads none; a binding must be there all the same.
    bindings: [(mask ?? stats).binding, list.binding],
    uniforms: [u32(cols)],
    workgroups: spread(Math.min(cols, 1)),
  });
  return list;
}

/** q * stats / 127 of each row, f32 of the shape of the codes. The caller owns it. */
export function dequantizeRows(gpu: Gpu, { q, stats }: Omit<RowCodes, 'mask'>): Tensor {
  const [, cols] = matrixOf(q.shape);
  const y = Tensor.empty(gpu, 'f32', q.shape);
  const shared = sharedBy(cols, 4);
  gpu.dispatch({
    shader: dequantizeShader,
    constants: shared,
    bindings: [q.binding, stats.binding, y.binding],
    uniforms: [u32(q.size), u32(cols)],
    workgroups: gridOfFours(q.size / shared.WORDS),
  });
  return y;
}
