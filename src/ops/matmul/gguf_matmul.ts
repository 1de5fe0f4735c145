import type { Gpu } from '../../gpu/gpu.ts';
import { GGUF_TYPE_NAMES, GGUF_TYPES, type GgufType } from '../../quant/gguf/types.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { ggufMatmul as signature } from '../../vocabulary/matmul/gguf_matmul.ts';
import { launcher } from '../launcher.ts';
import { launchProduct } from './launch-product.ts';
import { leftOf } from './product.ts';
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
  const terms = transposed ? line : out;
  const cols = transposed ? out : line;
  const batch = x.shape.slice(0, -1);
  const m = sizeOf(batch);
  if (x.shape.at(-1) !== terms || m === 0)
    throw new ShapeError(
      `gguf_matmul: x ${formatShape(x.shape)} does not fit a weight of ${out} x ${line}`,
    );
  const y = Tensor.empty(gpu, 'f32', [...batch, cols]);
  const plan = {
    batch: [],
    row: { size: m, a: terms, b: 0, bias: 0 },
    col: { size: cols, a: 0, b: 0, bias: 0 },
    k: { size: terms, a: 1, b: 0 },
  };
  const left = leftOf(plan);
  const { elements, bytes } = GGUF_TYPES[type];
  const loaders = {
    link: left.unit === 4 ? 'gguf' : 'strided_gguf',
    constants: { ALONG_TERMS: Number(transposed), KIND: GGUF_TYPE_NAMES.indexOf(type) },
    left,
    right: { unit: 1, fields: [packed.shape[1] as number, bytes, Math.log2(elements)] },
  };
  launchProduct(
    gpu,
    { plan, bindings: [x.binding, packed.binding], loaders, stored: 'u8', y },
    variant,
  );
  return y;
}
