import { Tape } from '../../src/autograd/tape.ts';
import { GradproofError } from '../../src/errors.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { bitsOf } from './bits.ts';
import { download, integers, SimpleLayer, upload } from './simple-layer.ts';

export const shapes = suite('errors.shapes', {
  description: 'A linear layer says what is wrong with the shape that it is given, and goes on',
});

/** What the layer throws of an x of this shape, and the dispatches until then. */
function refusalOf(t: CaseContext, layer: SimpleLayer, shape: readonly number[]) {
  using x = Tensor.zeros(t.gpu, shape);
  using tape = new Tape(t.gpu);
  const before = t.gpu.recorder.dispatches;
  let thrown: unknown;
  try {
    layer.forward(tape, x);
  } catch (error) {
    thrown = error;
  }
  return { thrown, dispatches: t.gpu.recorder.dispatches - before };
}

shapes
  .case('other-width')
  .covers('triton.errors.mismatched-input-shape/shape-error')
  .desc('[4, 32] into a layer of 64 inputs is refused at once, with both shapes.')
  .control('any width is taken', (fault) => fault.host('layers.check_width', () => () => {}))
  .run(async (t) => {
    using layer = new SimpleLayer(t);
    const { thrown } = refusalOf(t, layer, [4, 32]);
    t.expect(
      thrown instanceof GradproofError && thrown.code === 'shape',
      () => `what is thrown is ${thrown}`,
    );
    t.expect(String(thrown).includes('expected [*,64], got [4,32]'), () => `it is said: ${thrown}`);
  });

shapes
  .case('other-width-dispatches-nothing')
  .covers('triton.errors.mismatched-input-shape/no-dispatch')
  .desc('What is refused because of its width has dispatched and submitted nothing.')
  .control('the first 32 of 64 terms are multiplied', (fault) => {
    fault.host('layers.check_width', () => () => {});
    fault.launch('matmul.forward', ([gpu, { a }, params, variant]) => [
      gpu,
      { a, b: Tensor.zeros(gpu, [128, 32]) },
      params,
      variant,
    ]);
  })
  .run(async (t) => {
    using layer = new SimpleLayer(t);
    const submits = t.gpu.recorder.submits;
    const { dispatches } = refusalOf(t, layer, [4, 32]);
    t.gpu.submit();
    t.expect(dispatches === 0, () => `${dispatches} dispatches were recorded`);
    const submitted = t.gpu.recorder.submits - submits;
    t.expect(submitted === 0, () => `there were ${submitted} submits`);
  });

shapes
  .case('next-call')
  .covers('triton.errors.mismatched-input-shape/next-call-works')
  .desc('After a call that was refused the same layer takes [4, 64], and its result is exact.')
  .control('no bias', (fault) =>
    fault.launch('matmul.forward', ([gpu, { a, b }, params, variant]) => [
      gpu,
      { a, b },
      params,
      variant,
    ]),
  )
  .run(async (t) => {
    using layer = new SimpleLayer(t);
    const { thrown } = refusalOf(t, layer, [4, 32]);
    t.expect(thrown instanceof GradproofError, () => 'the first call was not refused');
    const host = integers(t, 1, [4, 64]);
    using x = upload(t, host);
    using tape = new Tape(t.gpu);
    t.expectEqual('y', await download(layer.forward(tape, x)), layer.expected(host));
  });

shapes
  .case('no-batch')
  .covers('triton.errors.invalid-batch-dimension/rank-error')
  .desc('[64], which has no batch, is refused with what to do.')
  .control('any rank is taken', (fault) => fault.host('layers.check_width', () => () => {}))
  .run(async (t) => {
    using layer = new SimpleLayer(t);
    const { thrown } = refusalOf(t, layer, [64]);
    t.expect(
      thrown instanceof GradproofError && thrown.code === 'rank',
      () => `what is thrown is ${thrown}`,
    );
    t.expect(
      String(thrown).includes('add a batch dimension, as in [1,64]'),
      () => `it is said: ${thrown}`,
    );
  });

shapes
  .case('leading-dimensions')
  .covers('triton.errors.invalid-batch-dimension/leading-dims-flattened')
  .desc('[2, 4, 64] gives the bits of the same rows as [8, 64], with two leading dimensions.')
  .control('rows of zeros where there are two dimensions before the last', (fault) =>
    fault.launch('matmul.forward', ([gpu, inputs, params, variant]) => {
      const { a } = inputs;
      const rows = a.shape.length === 3 ? Tensor.zeros(gpu, a.shape) : a;
      return [gpu, { ...inputs, a: rows }, params, variant];
    }),
  )
  .run(async (t) => {
    using layer = new SimpleLayer(t);
    const random = t.random(1);
    const data = random.fill(512, () => random.normal());
    using flat = upload(t, { shape: [8, 64], data });
    using deep = upload(t, { shape: [2, 4, 64], data });
    using tape = new Tape(t.gpu);
    const expected = await bitsOf(layer.forward(tape, flat));
    const different = new Set(expected.data).size;
    t.expect(different > 1000, () => `only ${different} of 1024 numbers differ`);
    const actual = await bitsOf(layer.forward(tape, deep));
    t.expectEqual('bits of y', actual, { shape: [2, 4, 128], data: expected.data });
  });
