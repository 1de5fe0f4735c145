import integerShader from '../../../shaders/matmul/integer_matmul.wgsl';
import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { isFactorOfIntegers, matmul as signature } from '../../vocabulary/matmul/matmul.ts';
import { launcher } from '../launcher.ts';
import { sumToSize } from '../math/sum.ts';
import { outputDtype } from '../storage.ts';
import { withKernels } from '../variants.ts';
import { multiply, type Product, unpacked } from './product.ts';
import { multiplyIntegers } from './product_integers.ts';
import { PRODUCT_VARIANTS } from './tiles.ts';

/**
 * y = alpha op(a) op(b) (+ beta bias) in float32 as torch.matmul: op transposes the last two
 * dimensions, the others are batches and broadcast, a 1-D operand is a row (a) or a column (b) and
 * its dimension is not in y. a: [..., m, k]; b: [..., k, n]; bias: any shape that broadcasts to y.
 * A product of no terms is 0; of a bias times 0 nothing is read, as in torch.addmm. Integers are
 * multiplied as such and wrap, with factors that are integers. Throws ShapeError when they do not
 * fit or have more than four batch dimensions that broadcast differently, GradproofError
 * `bad-params` for other factors of integers.
 */
export const matmul = launcher(signature, {
  variants: withKernels(PRODUCT_VARIANTS, [integerShader.file]),
  forward: (gpu, inputs, { alpha, beta, ...transposes }, variant) => {
    const dtype = outputDtype(signature, inputs, {})('y');
    const product = { ...inputs, ...transposes, scale: alpha, biasScale: beta, dtype };
    if (inputs.a.dtype !== 'i32') return { y: multiply(gpu, product, variant) };
    if (!isFactorOfIntegers(alpha) || !isFactorOfIntegers(beta))
      throw new GradproofError(
        'bad-params',
        `matmul: integers are multiplied by integers of 32 bits, not by ${alpha} and ${beta}`,
      );
    return { y: multiplyIntegers(gpu, product) };
  },
  backward: (gpu, { inputs: { a, b, bias }, grads, params, wants }, variant) => {
    using scope = new Scope();
    const gradients: { a?: Tensor; b?: Tensor; bias?: Tensor } = {};
    const left = asMatrix(a, 'row', params.transpose_a);
    const right = asMatrix(b, 'column', params.transpose_b);
    const rows = left.transposed ? left.last : left.first;
    const cols = right.transposed ? right.first : right.last;
    const uses = left.transposed ? left.first : left.last;
    const dy =
      wants.has('a') && wants.has('b')
        ? unpacked(gpu, scope, grads.y, { beside: [a, b], uses, variant })
        : grads.y;
    const batch = dy.shape.slice(
      0,
      dy.shape.length - Number(a.shape.length > 1) - Number(b.shape.length > 1),
    );
    const given = dy.view([...batch, rows, cols]);
    // y = alpha A B with A = op(a), B = op(b): dA = alpha dy B^T, dB = alpha A^T dy, and a
    // transposed operand takes the transposed product.
    const scale = params.alpha;
    if (wants.has('a')) {
      const product = left.transposed
        ? { a: right.tensor, b: given, transpose_a: right.transposed, transpose_b: true }
        : { a: given, b: right.tensor, transpose_b: !right.transposed };
      gradients.a = summed(gpu, { ...product, scale }, sizeOf(batch), left, variant);
    }
    if (wants.has('b')) {
      // The rows of all batches that share one matrix b, one after another, are the terms of one
      // product.
      const shared = right.batches === 1 && !left.transposed;
      const x = shared ? a.view([left.batches * left.first, left.last]) : left.tensor;
      const dyOfX = shared ? dy.view([sizeOf(batch) * rows, cols]) : given;
      const product = right.transposed
        ? { a: dyOfX, b: x, transpose_a: true, transpose_b: left.transposed }
        : { a: x, b: dyOfX, transpose_a: !left.transposed };
      gradients.b = summed(gpu, { ...product, scale }, shared ? 1 : sizeOf(batch), right, variant);
    }
    if (bias && wants.has('bias')) {
      gradients.bias = sumToSize(gpu, dy, bias.shape, bias.shape, { scale: params.beta });
    }
    return gradients;
  },
});

/**
 * An operand as one or more matrices; a 1-D operand is one row or one column, and is never
 * transposed.
 */
interface Matrix {
  readonly operand: Tensor;
  readonly tensor: Tensor;
  readonly first: number;
  readonly last: number;
  readonly batches: number;
  readonly transposed: boolean;
}

function asMatrix(operand: Tensor, vector: 'row' | 'column', transposed: boolean): Matrix {
  const { shape } = operand;
  const full = shape.length > 1 ? shape : vector === 'row' ? [1, ...shape] : [...shape, 1];
  const [first, last] = full.slice(-2) as [number, number];
  const batches = sizeOf(full.slice(0, -2));
  return {
    operand,
    tensor: operand.view(full),
    first,
    last,
    batches,
    transposed: transposed && shape.length > 1,
  };
}

/**
 * The gradient of `matrix`: the product, summed over the batches that the operand was repeated for.
 */
function summed(
  gpu: Gpu,
  product: Omit<Product, 'shape'>,
  batches: number,
  { operand, tensor, batches: own }: Matrix,
  variant: string,
): Tensor {
  const { shape, dtype } = operand;
  if (batches === own) return multiply(gpu, { ...product, shape, dtype }, variant);
  using all = multiply(gpu, product, variant);
  return sumToSize(gpu, all, tensor.shape, operand.shape);
}
