import { clipGradients } from '../../src/ops/optim/clip_grad_norm.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';

export const gradientClipping = suite('train.gradient-clipping', {
  description: 'The norm of all gradients together, and what it does to them at a limit',
});

/**
 * More than one share, and more shares than one workgroup has lanes; one, two and three elements
 * past the last four.
 */
const SHAPES = [[90, 200], [64], [5, 7, 3], [2, 3], [3], [1]] as const;
/** The catalog's limits of the norm: one for each of its two rows. */
const LIMITS = [0.3, 1] as const;
/** The catalog's limit of norms, and so of what was scaled by them. */
const NORM_LIMIT = 1e-5;

/** Gradients whose norm is `norm`, on the device. */
class Gradients implements Disposable {
  readonly tensors: readonly Tensor[];
  /** Their values in float64, as the device has them. */
  readonly before: readonly Float64Array[];

  constructor(t: CaseContext, norm: number) {
    const random = t.random();
    // Of like norm: none is small beside the others.
    const drawn = SHAPES.map((shape) => {
      const deviation = 1 / Math.sqrt(sizeOf(shape));
      return random.fill(sizeOf(shape), () => random.normal(deviation));
    });
    // A zero whose sign can get lost.
    (drawn[0] as Float64Array)[0] = -0;
    const factor = norm / normOf(drawn);
    const hosts = drawn.map((data, i) =>
      hostTensorFrom(
        'f32',
        SHAPES[i] as readonly number[],
        data.map((x) => factor * x),
      ),
    );
    this.before = hosts.map(valuesOf);
    this.tensors = hosts.map((host) => Tensor.from(t.gpu, host));
  }

  async read(): Promise<readonly Float64Array[]> {
    return await Promise.all(this.tensors.map(async (tensor) => valuesOf(await tensor.read())));
  }

  [Symbol.dispose](): void {
    for (const tensor of this.tensors) tensor[Symbol.dispose]();
  }
}

function normOf(gradients: readonly Float64Array[]): number {
  return Math.sqrt(gradients.flatMap((data) => [...data]).reduce((sum, x) => sum + x * x, 0));
}

const PASSES = ['optim/grad_norm_shares', 'optim/grad_norm'];

gradientClipping
  .case('norm', { norm: [0.01, 7] })
  .covers(
    'fsdp.training.gradient-clipping/norm-equals-f64',
    'triton.training.gradient-clipping/global-norm',
  )
  .desc(
    'The norm over six gradients, computed in two passes on the device, is that of float64 within 1e-5 of it.',
  )
  .control('every share counts twice', (fault) =>
    fault.shader('optim/grad_norm', 'sum += shares[i].x;', 'sum += 2.0 * shares[i].x;'),
  )
  .run(async (t) => {
    using gradients = new Gradients(t, t.params.norm);
    using norm = clipGradients(t.gpu, gradients.tensors, { max_norm: LIMITS[0] });
    const found = (await norm.read()).data[0] as number;
    const wanted = normOf(gradients.before);
    t.expect(
      Math.abs(found - wanted) <= NORM_LIMIT * wanted,
      () => `the norm is ${found} and should be ${wanted}`,
    );
    const missing = PASSES.filter((pass) => !t.gpu.recorder.dispatched.has(pass));
    t.expect(missing.length === 0, () => `${missing} did not run`);
  });

gradientClipping
  .case('above-the-limit', { limit: LIMITS, times: [1.03, 1e4] })
  .covers(
    'fsdp.training.gradient-clipping/clipped-norm',
    'triton.training.gradient-clipping/clipped-norm',
  )
  .desc('Gradients with a larger norm are scaled, all by one factor, to the limit within 1e-5.')
  .control('scaled by the square root', (fault) =>
    fault.shader(
      'optim/clip_grad_norm',
      '(dims.max_norm / length)',
      'sqrt(dims.max_norm / length)',
    ),
  )
  .run(async (t) => {
    const { limit, times } = t.params;
    using gradients = new Gradients(t, times * limit);
    using _norm = clipGradients(t.gpu, gradients.tensors, { max_norm: limit });
    const after = await gradients.read();
    const norm = normOf(after);
    t.expect(Math.abs(norm - limit) <= NORM_LIMIT, () => `the norm afterwards is ${norm}`);
    const factor = limit / normOf(gradients.before);
    for (const [i, data] of after.entries()) {
      const wanted = (gradients.before[i] as Float64Array).map((x) => factor * x);
      t.expectAccepted(
        `gradient ${i}`,
        { shape: [data.length], data },
        { shape: [data.length], data: wanted },
        { kind: 'within', bound: wanted.map((x) => NORM_LIMIT * Math.abs(x)) },
      );
    }
  });

gradientClipping
  .case('direction')
  .covers('triton.training.gradient-clipping/direction-kept')
  .desc('The cosine of gradients before and after clipping is at least 1 - 1e-6.')
  .control('each element is clipped by itself', (fault) =>
    fault.shader(
      'optim/clip_grad_norm',
      'bitcast<vec4f>(words) * (dims.max_norm / length)',
      'clamp(bitcast<vec4f>(words), vec4f(-0.1), vec4f(0.1))',
    ),
  )
  .run(async (t) => {
    using gradients = new Gradients(t, 24);
    using _norm = clipGradients(t.gpu, gradients.tensors, { max_norm: LIMITS[1] });
    const { before } = gradients;
    const after = await gradients.read();
    t.expect(normOf(after) < normOf(before) / 2, () => 'nothing is clipped');
    const products = before.map((data, i) => data.map((x, j) => x * (after[i]?.[j] as number)));
    const dot = products.flatMap((data) => [...data]).reduce((sum, x) => sum + x, 0);
    const cosine = dot / (normOf(before) * normOf(after));
    t.expect(cosine >= 1 - 1e-6, () => `the cosine of gradients before and after is ${cosine}`);
  });

gradientClipping
  .case('below-the-limit', { limit: LIMITS })
  .covers(
    'fsdp.training.gradient-clipping/below-threshold-unchanged',
    'triton.training.gradient-clipping/below-threshold-unchanged',
  )
  .desc('Gradients with a smaller norm keep every bit.')
  .control('scaled up to the limit', (fault) =>
    fault.shader(
      'optim/clip_grad_norm',
      'if (length <= dims.max_norm) {',
      'if (length <= 0.0 * dims.max_norm) {',
    ),
  )
  .run(async (t) => {
    const { limit } = t.params;
    using gradients = new Gradients(t, 0.97 * limit);
    using _norm = clipGradients(t.gpu, gradients.tensors, { max_norm: limit });
    for (const [i, data] of (await gradients.read()).entries()) {
      const shape = [data.length];
      const wanted = { shape, data: gradients.before[i] as Float64Array };
      t.expectEqual(`gradient ${i}`, { shape, data }, wanted);
      t.expect(
        data.every((x, at) => Object.is(x, wanted.data[at])),
        () => `a zero of gradient ${i} has another sign`,
      );
    }
  });
