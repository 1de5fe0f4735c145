import type { Gpu } from '../../gpu/gpu.ts';
import { GGUF_TYPE_NAMES, GGUF_TYPES, type GgufType } from '../../quant/gguf/types.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { ggufMatmul as signature } from '../../vocabulary/matmul/gguf_matmul.ts';
import { launcher } from '../launcher.ts';
import { multiplyDecoded } from './multiply-decoded.ts';
import { PRODUCT_VARIANTS } from './tiles.ts';

/**
 * y = x W^T with W [out, in] kept as blocks of GGUF files and decoded in registers. x: f32 [...,
 * in]; packed: u8 [out, bytes], rows of whole blocks; y: f32 [..., out]. Throws ShapeError when they
 * do not fit. The weight is frozen: only x has a gradient.
 */
export const ggufMatmul = launcher(signature, {
  variants: PRODUCT_VARIANTS,
  storage: { widens: true, decides: ['x'] },
  forward: (gpu, { x, packed }, { quant_type }, variant) => ({
    y: multiply(gpu, x, rowsOf(packed, quant_type), true, variant),
  }),
  backward: (gpu, { inputs: { packed }, grads, params: { quant_type }, wants }, variant) =>
    wants.has('x') ? { x: multiply(gpu, grads.y, rowsOf(packed, quant_type), false, variant) } : {},
});

/** A weight [out, line] in rows of blocks. */
interface Rows {
  readonly packed: Tensor;
  readonly type: GgufType;
  readonly out: number;
  readonly line: number;
}

/** Throws ShapeError where rows are no whole blocks. */
function rowsOf(packed: Tensor, type: GgufType): Rows {
  const { elements, bytes } = GGUF_TYPES[type];
  const { shape } = packed;
  const [out = 0, row = 0] = shape;
  // Bytes are counted in 32 bits.
  if (shape.length !== 2 || row % bytes !== 0 || packed.size === 0 || packed.size > 2 ** 32)
    throw new ShapeError(
      `gguf_matmul: ${formatShape(shape)} is no weight in rows of ${type} blocks of ${bytes} bytes`,
    );
  return { packed, type, out, line: (row / bytes) * elements };
}

/** x W^T (transposed), or x W. */
function multiply(gpu: Gpu, x: Tensor, weight: Rows, transposed: boolean, variant: string): Tensor {
  const { packed, type, out, line } = weight;
  const { elements, bytes } = GGUF_TYPES[type];
  return multiplyDecoded(
    gpu,
    {
      op: signature.name,
      loader: 'gguf',
      constants: { KIND: GGUF_TYPE_NAMES.indexOf(type) },
      fields: [packed.shape[1] as number, bytes, Math.log2(elements)],
      bindings: [packed],
      ...{ out_features: out, in_features: line, transpose_weight: transposed },
    },
    x,
    variant,
  );
}
