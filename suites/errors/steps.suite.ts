import { AutogradError } from '../../src/autograd/autograd-error.ts';
import { FlatParameters } from '../../src/autograd/flat-parameters.ts';
import { GradientSum } from '../../src/autograd/gradient-sum.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { GradproofError } from '../../src/errors.ts';
import { relu } from '../../src/ops/math/relu.ts';
import { product } from '../../src/reference/matmul/product.ts';
import type { Value } from '../../src/reference/record.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { codeOf } from '../../src/testing/code-of.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { Optimizer } from '../../src/train/optimizer.ts';
import { bitsOf } from './bits.ts';
import { download, integers, SimpleLayer, upload } from './simple-layer.ts';

export const steps = suite('errors.steps', {
  description: 'Steps of training out of their order: backward twice, an update without gradients',
});

/** A forward pass of the layer and of relu, and what its gradients must be. */
interface Pass extends Disposable {
  readonly layer: SimpleLayer;
  readonly forward: (tape: Tape) => Tensor;
  readonly dy: Tensor;
  readonly expected: readonly Value[];
}

function pass(t: CaseContext): Pass {
  const hosts = { x: integers(t, 1, [5, 64]), dy: integers(t, 2, [5, 128]) };
  const layer = new SimpleLayer(t);
  const x = upload(t, hosts.x);
  const dy = upload(t, hosts.dy);
  const ones = { shape: [1, 5], data: new Float64Array(5).fill(1) };
  const z = layer.expected(hosts.x);
  const dz = {
    ...z,
    data: hosts.dy.data.map((value, i) => ((z.data[i] as number) > 0 ? value : 0)),
  };
  return {
    layer,
    // Backward needs what is between them, which the tape owns.
    forward: (tape) => tape.apply(relu, { x: layer.forward(tape, x) }, {}, 'relu').y,
    dy,
    expected: [
      product(dz, hosts.x, true, false),
      { ...product(ones, dz, false, false), shape: [128] },
    ],
    [Symbol.dispose]: () => {
      for (const one of [layer, x, dy]) one[Symbol.dispose]();
    },
  };
}

async function expectGradients(
  t: CaseContext,
  { layer, expected }: Pass,
  gradients: ReadonlyMap<Tensor, Tensor>,
  times = 1,
): Promise<void> {
  for (const [i, weight] of layer.weights.entries()) {
    const { shape, data } = expected[i] as Value;
    t.expectEqual(
      `gradient of ${layer.parameters.names[i]}`,
      await download(gradients.get(weight) as Tensor),
      { shape, data: data.map((value) => times * value) },
    );
  }
}

steps
  .case('backward-twice')
  .covers('triton.errors.double-backward/tape-freed')
  .desc('A second backward on the same tape is refused: what was recorded is spent.')
  .control('a tape is never spent', (fault) => fault.host('tape.is_spent', () => () => false))
  .run(async (t) => {
    using each = pass(t);
    using tape = new Tape(t.gpu, each.layer.weights);
    const y = each.forward(tape);
    await expectGradients(t, each, tape.backward(y, each.dy));
    let thrown: unknown;
    try {
      tape.backward(y, each.dy);
    } catch (error) {
      thrown = error;
    }
    t.expect(
      thrown instanceof AutogradError && thrown.code === 'tape-freed',
      () => `what is thrown is ${thrown}`,
    );
  });

steps
  .case('retained-graph')
  .covers('triton.errors.double-backward/tape-freed')
  .desc(
    'With retainGraph a second backward on the same tape gives the same gradients again; without it the second time, a third is refused.',
  )
  .control('a tape is spent after one backward', (fault) =>
    fault.host('tape.retains', () => () => false),
  )
  .run(async (t) => {
    using each = pass(t);
    using tape = new Tape(t.gpu, each.layer.weights);
    const y = each.forward(tape);
    await expectGradients(t, each, tape.backward(y, each.dy, { retainGraph: true }));
    let again: ReadonlyMap<Tensor, Tensor> | undefined;
    try {
      again = tape.backward(y, each.dy);
    } catch (error) {
      t.expect(!(error instanceof AutogradError), () => `the second is refused: ${error}`);
      throw error;
    }
    await expectGradients(t, each, again);
    const code = codeOf(() => tape.backward(y, each.dy));
    t.expect(code === 'tape-freed', () => `the third throws ${code}`);
  });

steps
  .case('gradients-add-up')
  .covers('triton.errors.double-backward/gradients-accumulate')
  .desc('Forward and backward twice, with nothing set to zero between, give twice the gradients.')
  .control('the second subtracted', (fault) =>
    fault.shader('nn/accumulate_grad', 'return a + b;', 'return a - b;'),
  )
  .run(async (t) => {
    using each = pass(t);
    using sum = new GradientSum(t.gpu);
    for (const _time of [1, 2]) {
      using tape = new Tape(t.gpu, each.layer.weights);
      sum.add(tape.backward(each.forward(tape), each.dy));
    }
    await expectGradients(t, each, sum.gradients, 2);
  });

/** What a step of an optimizer without gradients throws, and the bits of the weights around it. */
async function stepWithout(t: CaseContext, given: readonly string[]) {
  const normal = (stream: number, shape: readonly number[]) => {
    const random = t.random(stream);
    const size = shape.reduce((product, n) => product * n, 1);
    return hostTensorFrom(
      'f32',
      shape,
      random.fill(size, () => random.normal()),
    );
  };
  using parameters = new FlatParameters(
    t.gpu,
    new Map([
      ['fc1.weight', normal(1, [8, 5])],
      ['fc1.bias', normal(2, [8])],
      ['fc2.weight', normal(3, [3, 8])],
    ]),
  );
  using optimizer = new Optimizer(t.gpu, parameters, { optimizer: 'adamw', lr: 0.1 });
  const gradients = new Map(
    given.map((name) => [parameters.view(name), parameters.view(name)] as const),
  );
  const before = await bitsOf(parameters.data);
  let thrown: unknown;
  optimizer.advance();
  try {
    optimizer.update(gradients);
  } catch (error) {
    thrown = error;
  }
  return { thrown, before, after: await bitsOf(parameters.data) };
}

/** A step with the parameters themselves for gradients, whatever is given. */
const unasked = () => (parameters: FlatParameters) =>
  new Map(parameters.names.map((name) => [parameters.view(name), parameters.view(name)]));

steps
  .case('step-before-backward')
  .covers('triton.errors.invalid-optimization-step/no-gradient-error')
  .desc(
    'A step before backward is refused and names the parameters without a gradient, and no other.',
  )
  .control('parameters for gradients', (fault) => fault.host('parameters.gradients_of', unasked))
  .run(async (t) => {
    for (const [given, listed] of [
      [[], 'fc1.weight, fc1.bias, fc2.weight'],
      [['fc1.bias'], 'fc1.weight, fc2.weight'],
    ] as const) {
      const { thrown } = await stepWithout(t, given);
      t.expect(
        thrown instanceof GradproofError && thrown.code === 'no-grad',
        () => `what is thrown is ${thrown}`,
      );
      t.expect(String(thrown).includes(`no gradient of ${listed}:`), () => `it is said: ${thrown}`);
    }
  });

steps
  .case('step-changes-nothing')
  .covers('triton.errors.invalid-optimization-step/weights-unchanged')
  .desc('After a step that was refused all weights have the bits that they had.')
  .control('parameters for gradients', (fault) => fault.host('parameters.gradients_of', unasked))
  .run(async (t) => {
    const { before, after } = await stepWithout(t, []);
    t.expectEqual('bits of the weights', after, before);
  });
