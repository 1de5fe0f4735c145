import { capture } from '../../src/autograd/capture.ts';
import { type Shader, textOf } from '../../src/gpu/shader.ts';
import { multiply } from '../../src/ops/matmul/product.ts';
import { silu } from '../../src/ops/nn/silu.ts';
import type { Value } from '../../src/reference/record.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import type { Random } from '../../src/tensor/random.ts';
import { type Shape, sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

export const halves = suite('matmul.halves', {
  description:
    'Products of operands in f16 on adapters that load them natively: the same bits as by the kernel of every adapter',
});

/** A product by its shapes. */
interface Given {
  readonly a: Shape;
  readonly b: Shape;
  readonly bias?: Shape;
  readonly transpose_a?: boolean;
  readonly transpose_b?: boolean;
}

const PRODUCTS: Readonly<Record<string, Given>> = {
  tails: { a: [37, 53], b: [53, 29], bias: [29] },
  transposed: { a: [53, 38], b: [31, 53], transpose_a: true, transpose_b: true, bias: [38, 1] },
  batches: { a: [2, 1, 5, 7], b: [3, 7, 9], bias: [3, 1, 9] },
  vectors: { a: [70], b: [70] },
  groups: { a: [32, 3], b: [3, 64] },
};

/**
 * A half of any size: most are normal numbers, every fourth is denormal, the largest or the
 * smallest number, or a zero.
 */
function anyHalf(random: Random): number {
  const rare = [2 ** -24, -3 * 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 65504, -65504, 0, -0];
  return random.integer(0, 3) > 0
    ? random.normal()
    : (rare[random.integer(0, rare.length - 1)] as number);
}

function drawn(
  t: CaseContext,
  stream: number,
  dtype: 'f16' | 'f32',
  shape: Shape,
  draw: (random: Random) => number,
): Tensor {
  const random = t.random(stream);
  const values = random.fill(sizeOf(shape), () => draw(random));
  return Tensor.from(t.gpu, hostTensorFrom(dtype, shape, values));
}

/** The words of a tensor in f32. */
async function bitsOf(tensor: Tensor): Promise<Value> {
  const { data } = await tensor.read();
  return {
    shape: tensor.shape,
    data: Float64Array.from(new Uint32Array(data.buffer, data.byteOffset, data.length)),
  };
}

/** Expects that a product ran whose operands were loaded natively, or one where none were. */
function expectRead(t: CaseContext, how: 'natively' | 'as floats'): void {
  const shaders = [...t.gpu.recorder.shaders].filter(({ file }) => file.startsWith('matmul/'));
  const isNative = ({ link = '' }: Shader) => link.startsWith('f16');
  t.expect(
    shaders.some((shader) => isNative(shader) === (how === 'natively')),
    () => `${shaders.map(textOf).join(', ')} ran, and none that reads halves ${how}`,
  );
}

halves
  .case('native', { of: Object.keys(PRODUCTS) })
  .needs('shader-f16')
  .desc(
    'Halves of every kind, denormal ones too, multiplied where they are loaded natively and by the kernel of every adapter: equal bits.',
  )
  .control('f16 taken for float32', (fault) => fault.host('storage.read', () => () => 0))
  .run(async (t) => {
    const {
      a: shapeA,
      b: shapeB,
      bias: shapeBias,
      ...transposes
    } = PRODUCTS[String(t.params['of'])] as Given;
    t.gpu.memory.guarded = true;
    using a = drawn(t, 1, 'f16', shapeA, anyHalf);
    using b = drawn(t, 2, 'f16', shapeB, anyHalf);
    using bias = drawn(t, 3, 'f32', shapeBias ?? [1], (random) => random.normal());
    const product = { a, b, ...(shapeBias ? { bias } : {}), ...transposes };
    using native = multiply(t.gpu, product, 'tiled');
    expectRead(t, 'natively');
    using plain = multiply(t.gpu, product, 'register');
    expectRead(t, 'as floats');
    t.expectEqual('y', await bitsOf(native), await bitsOf(plain));
  });

halves
  .case('native-epilogue')
  .needs('shader-f16')
  .desc(
    'silu of a captured product of halves that are loaded natively is its epilogue: the same bits as one after the other.',
  )
  .control('the epilogue stays as it was when silu changes', (fault) =>
    fault.shader('nn/silu', 'select(near,', 'select(2.0 * near,'),
  )
  .run(async (t) => {
    using a = drawn(t, 1, 'f16', [9, 5], (random) => random.normal());
    using b = drawn(t, 2, 'f16', [5, 67], (random) => random.normal());
    const step = () => {
      using product = multiply(t.gpu, { a, b }, 'tiled');
      return silu.forward(t.gpu, { x: product }, {});
    };
    using eager = step().y;
    using captured = await capture(t.gpu, step);
    t.expectEqual('y', await bitsOf(captured.run().y), await bitsOf(eager));
    t.expect(
      captured.length === 1,
      () => `${captured.length} commands are left of the product and its silu`,
    );
    expectRead(t, 'natively');
  });
