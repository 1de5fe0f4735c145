import { Scope } from '../../src/gpu/scope.ts';
import { clipGradients } from '../../src/ops/optim/clip_grad_norm.ts';
import { valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { download, normalTensor } from './tensors.ts';

export const clippingSuite = suite('train.clipping', {
  description: 'Gradients of several parameters are clipped together, by the norm of all of them',
});

const SHAPES = [[33, 64], [64], [7, 5, 3]] as const;
const MAX_NORM = 1;

/** All gradients, one after the other, before and after; the norm as the device has it. */
interface Clipped {
  readonly before: Float64Array;
  readonly after: Float64Array;
  readonly norm: number;
}

async function clip(t: CaseContext, deviation: number): Promise<Clipped> {
  using scope = new Scope();
  const hosts = SHAPES.map((shape, i) => normalTensor(t, i, shape, deviation));
  const grads = hosts.map((host) => scope.add(Tensor.from(t.gpu, host)));
  const norm = scope.add(clipGradients(t.gpu, grads, { max_norm: MAX_NORM }));
  const after = await Promise.all(grads.map(async (grad) => [...(await download(grad)).data]));
  return {
    before: Float64Array.from(hosts.flatMap((host) => [...valuesOf(host)])),
    after: Float64Array.from(after.flat()),
    norm: (await download(norm)).data[0] as number,
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
}

const normOf = (a: Float64Array): number => Math.sqrt(dot(a, a));

/** Deviations that make the norm of all gradients about 24, and about three quarters. */
const LARGE = 0.5;
const SMALL = LARGE / 32;

clippingSuite
  .case('global-norm')
  .covers('triton.training.gradient-clipping/global-norm')
  .desc(
    'The norm of three gradients together is within 1e-5 of itself of the one in float64, above the largest norm and below it.',
  )
  .control('the last share of the squares is left out', (fault) =>
    fault.shader('optim/grad_norm', 'i < dims.count', 'i + 1u < dims.count'),
  )
  .run(async (t) => {
    for (const deviation of [LARGE, SMALL]) {
      const { before, norm } = await clip(t, deviation);
      const expected = normOf(before);
      t.expect(
        Math.abs(norm - expected) <= 1e-5 * expected,
        () => `the norm is ${norm}, and in float64 ${expected}`,
      );
    }
  });

clippingSuite
  .case('clipped-norm')
  .covers('triton.training.gradient-clipping/clipped-norm')
  .desc('Gradients of a norm of about 24 have one of at most 1 + 1e-5 after clipping at 1.')
  .control('gradients stay as they are', (fault) =>
    fault.shader('optim/clip_grad_norm', '(dims.max_norm / length)', '1.0'),
  )
  .run(async (t) => {
    const { before, after } = await clip(t, LARGE);
    t.expect(normOf(before) > 2, () => `the norm is ${normOf(before)}: nothing is clipped`);
    const norm = normOf(after);
    t.expect(norm <= MAX_NORM + 1e-5, () => `the norm is ${norm} after clipping at ${MAX_NORM}`);
    t.expect(norm >= MAX_NORM - 1e-5, () => `the norm is ${norm}: too much is clipped`);
  });

clippingSuite
  .case('direction')
  .covers('triton.training.gradient-clipping/direction-kept')
  .desc('Clipping keeps the direction: the cosine of gradients before and after is 1 - 1e-6.')
  .control('each element is clipped by itself', (fault) =>
    fault.shader(
      'optim/clip_grad_norm',
      'bitcast<vec4f>(words) * (dims.max_norm / length)',
      'clamp(bitcast<vec4f>(words), vec4f(-0.1), vec4f(0.1))',
    ),
  )
  .run(async (t) => {
    const { before, after } = await clip(t, LARGE);
    t.expect(normOf(after) < normOf(before) / 2, () => 'nothing is clipped');
    const cosine = dot(before, after) / (normOf(before) * normOf(after));
    t.expect(cosine >= 1 - 1e-6, () => `the cosine of gradients before and after is ${cosine}`);
  });

clippingSuite
  .case('below-threshold')
  .covers('triton.training.gradient-clipping/below-threshold-unchanged')
  .desc('Gradients whose norm is below the largest keep every bit.')
  .control('small gradients are scaled up', (fault) =>
    fault.shader('optim/clip_grad_norm', 'length <= dims.max_norm', 'length <= 0.0'),
  )
  .run(async (t) => {
    const { before, after, norm } = await clip(t, SMALL);
    t.expect(norm < MAX_NORM, () => `the norm ${norm} is not below ${MAX_NORM}`);
    const changed = after.findIndex((x, i) => !Object.is(x, before[i]));
    t.expect(changed < 0, () => `element ${changed} is ${after[changed]}, not ${before[changed]}`);
  });
