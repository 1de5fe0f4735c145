import tileShaders from '../../../shaders/matmul/int8_matmul.wgsl?links';
import quadShader from '../../../shaders/matmul/int8_quad.wgsl';
import type { Gpu } from '../../gpu/gpu.ts';
import { linearGrid, linkedShader, spread, u32 } from '../../gpu/shader.ts';
import { matrixOf, type Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { type Choosable, chooseVariant, runnableVariants, type Variant } from '../variants.ts';

const TILE_KERNEL = 'matmul/int8_matmul';

/** The kernels of {@link multiplyBytes}. */
export const BYTES_KERNELS: readonly string[] = [TILE_KERNEL, quadShader.file];

/** How four products are added up: one by one, or by an instruction of the language. */
const DOTS = {
  packed: { kernels: [TILE_KERNEL], needs: ['packed_4x8_integer_dot_product'] },
  unpacked: { kernels: [TILE_KERNEL] },
} as const satisfies Readonly<Record<string, Variant>>;

/** The same, or as floats by lanes that share what they load. */
export const BYTES_VARIANTS = {
  ...DOTS,
  subgroup: { kernels: BYTES_KERNELS, needs: ['subgroups'] },
} as const satisfies Readonly<Record<string, Variant>>;

/** The way of multiplying bytes that goes with a tile of `PRODUCT_VARIANTS`. */
export const wayBeside = (tile: string): string => (tile === 'register' ? 'unpacked' : tile);

/** What a way is chosen from in ops that have variants of their own. */
const WAYS: Choosable = {
  signature: { name: 'int8_matmul', inputs: {} },
  variants: BYTES_VARIANTS,
};

/** How a product is made, and what shape its result gets. */
interface BytesOptions {
  /**
   * A key of {@link BYTES_VARIANTS}, or what {@link wayBeside} gives; default the one that suits the
   * device.
   */
  readonly variant?: string;
  /** Default [m, n]. */
  readonly shape?: Shape;
  /** Rows of b where it is packed trits in low order; default it is bytes. */
  readonly trits?: number;
}

/**
 * a b^T of signed bytes [m, k] and [n, k], b perhaps as packed trits, exactly: i32 [m, n], which
 * wraps beyond 2^31, the same bits by each variant. The caller owns it.
 */
export function multiplyBytes(gpu: Gpu, a: Tensor, b: Tensor, options: BytesOptions = {}): Tensor {
  const { variant = chooseVariant(gpu, WAYS) } = options;
  const [m, k] = matrixOf(a.shape);
  const n = options.trits ?? matrixOf(b.shape)[0];
  const y = Tensor.empty(gpu, 'i32', options.shape ?? [m, n]);
  const { shader, rows, groups } = tileFor(gpu, variant, m, n);
  gpu.dispatch({
    shader,
    constants: {
      ALIGNED: Number(k % 4 === 0),
      TRITS: Number(options.trits !== undefined),
      ROWS: rows,
    },
    bindings: [a.binding, b.binding, y.binding],
    uniforms: [m, n, k].map(u32),
    workgroups: groups,
    flops: 2 * m * n * k,
  });
  return y;
}

/** The kernel of a variant for y [m, n], the rows of its tiles, and how many workgroups they take. */
function tileFor(gpu: Gpu, variant: string, m: number, n: number) {
  if (variant === 'subgroup' && m > 1) {
    const rows = m > 8 ? 16 : m > 4 ? 8 : 4;
    const tiles = Math.ceil(m / rows) * Math.ceil(n / 16);
    return { shader: quadShader, rows, groups: spread(Math.ceil(tiles / 4)) };
  }
  const [dots] = Object.hasOwn(DOTS, variant)
    ? [variant]
    : runnableVariants(gpu, { variants: DOTS });
  const rows = m === 1 ? 1 : 4;
  return {
    shader: linkedShader(tileShaders, dots as string),
    rows,
    groups: linearGrid(Math.ceil(m / rows) * Math.ceil(n / 4)),
  };
}
