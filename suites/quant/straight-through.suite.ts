import { Tape } from '../../src/autograd/tape.ts';
import { matmul } from '../../src/ops/matmul/matmul.ts';
import { fakeTernarize } from '../../src/ops/quant/fake_ternarize.ts';
import { depthOf } from '../../src/ops/variants.ts';
import { record } from '../../src/reference/matmul/matmul.ts';
import type { Acceptance, Value } from '../../src/reference/record.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { fixedThreshold, tritOf } from './trits.ts';
import { normals, value } from './values.ts';

export const straightThrough = suite('quant.straight-through', {
  description: 'Gradients of a linear layer whose weight is ternary while it is trained',
});

const ROWS = 9;
const IN = 33;
const OUT = 17;
const LIMIT = Math.fround(0.33);
/** Removes the straight-through gradient: that of the trits themselves is 0. */
const WITHOUT = {
  file: 'quant/fake_ternarize_backward',
  from: 'select(dy[i],',
  to: 'select(0.0 * dy[i],',
};

/** What lies at 1 and at -1, and the next floats beyond. */
const AT_ONE = [1, -1, 1 + 2 ** -23, -1 - 2 ** -23];

interface Gradients {
  readonly latent: Float64Array;
  readonly x: Float64Array;
}

/**
 * The inputs of the layer y = x q(w)^T, drawn, with whole numbers as x and as gradient of y: sums
 * of their products are exact.
 */
function drawn(t: CaseContext): { readonly [Name in 'x' | 'latent' | 'dy']: HostTensor } {
  const random = t.random(1);
  return {
    x: hostTensorFrom(
      'f32',
      [ROWS, IN],
      random.fill(ROWS * IN, () => random.integer(-9, 9)),
    ),
    latent: hostTensorFrom(
      'f32',
      [OUT, IN],
      [...AT_ONE, ...valuesOf(normals(t, [OUT, IN])).slice(AT_ONE.length)],
    ),
    dy: hostTensorFrom(
      'f32',
      [ROWS, OUT],
      random.fill(ROWS * OUT, () => random.integer(-9, 9)),
    ),
  };
}

/** Gradients by the tape: of the latent weight and of x. */
async function gradients(
  t: CaseContext,
  given: ReturnType<typeof drawn>,
  clip = false,
): Promise<Gradients> {
  using x = Tensor.from(t.gpu, given.x);
  using latent = Tensor.from(t.gpu, given.latent);
  using threshold = Tensor.from(t.gpu, fixedThreshold(LIMIT));
  using tape = new Tape(t.gpu, [x, latent]);
  const { y: q } = tape.apply(fakeTernarize, { weight: latent, threshold }, { clip }, 'q');
  const { y } = tape.apply(matmul, { a: x, b: q }, { transpose_b: true }, 'fc');
  using dy = Tensor.from(t.gpu, given.dy);
  const found = tape.backward(y, dy);
  const read = async (tensor: Tensor | undefined) => valuesOf(await (tensor as Tensor).read());
  return { latent: await read(found.get(latent)), x: await read(found.get(x)) };
}

const weightValue = (data: Float64Array): Value => ({ shape: [OUT, IN], data });

const PARAMS = { transpose_b: true };

/** The product of x and the trits with its gradients, by the definition. */
function byDefinition(given: ReturnType<typeof drawn>) {
  const inputs = {
    a: value({ shape: [ROWS, IN], data: valuesOf(given.x) }),
    b: weightValue(valuesOf(given.latent).map((w) => tritOf(w, LIMIT))),
  };
  const grads = { y: value({ shape: [ROWS, OUT], data: valuesOf(given.dy) }) };
  return { inputs, grads, gradients: record.vjp?.(inputs, PARAMS, grads) ?? {} };
}

straightThrough
  .case('latent', { clip: [false, true] })
  .covers('triton.quantization.gradient-flow/latent-gradient')
  .desc(
    'The gradient of the latent weight is that of its trits by the definition, element by element; clipped, 0 where the weight lies beyond 1 or -1, and not at them.',
  )
  .control('the gradient of the trits themselves', (fault) =>
    fault.shader(WITHOUT.file, WITHOUT.from, WITHOUT.to),
  )
  .run(async (t) => {
    const given = drawn(t);
    const clip = t.params.clip;
    const { latent } = await gradients(t, given, clip);
    const weights = valuesOf(given.latent);
    const { data } = byDefinition(given).gradients.b as Value;
    const expected = data.map((g, i) => (clip && Math.abs(weights[i] as number) > 1 ? 0 : g));
    t.expectEqual('gradient', weightValue(latent), weightValue(expected));
  });

straightThrough
  .case('input')
  .covers('triton.quantization.gradient-flow/input-gradient')
  .desc('The gradient of x is the product of the incoming one and the trits, within its bound.')
  .control('weights in the place of their trits', (fault) =>
    fault.shader('quant/fake_ternarize', 'sign(w[i]) * factor', 'w[i] * factor'),
  )
  .run(async (t) => {
    const given = drawn(t);
    const { x } = await gradients(t, given);
    const { inputs, grads, gradients: oracle } = byDefinition(given);
    const arithmetic = { depth: depthOf(undefined), ieee: false };
    const acceptances = record.vjpAcceptance?.(inputs, oracle, PARAMS, grads, arithmetic) ?? {};
    const actual = value({ shape: [ROWS, IN], data: x });
    t.expectAccepted('gradient', actual, oracle.a as Value, acceptances.a as Acceptance);
  });

straightThrough
  .case('removed')
  .covers('triton.quantization.gradient-flow/removed-ste-fails')
  .desc(
    'Without the straight-through rule every gradient of the latent weight is 0, and with it is not: what the other cases assert fails then.',
  )
  .injects({ shader: WITHOUT })
  .control('no gradient with the rule either', (fault) =>
    fault.shader(
      'quant/fake_ternarize_backward',
      'CLIP && abs(w[i]) > 1.0',
      'CLIP || abs(w[i]) >= 0.0',
    ),
  )
  .run(async (t) => {
    const given = drawn(t);
    const whole = await gradients(t, given);
    t.expect(
      whole.latent.some((g) => g !== 0),
      () => 'the gradient is 0 with the rule',
    );
    using injector = t.injector();
    injector.inject({ shader: WITHOUT });
    const removed = await gradients(t, given);
    t.expectEqual('gradient', weightValue(removed.latent), weightValue(new Float64Array(OUT * IN)));
    t.expect(
      byDefinition(given).gradients.b?.data.some((g) => g !== 0) ?? false,
      () => 'the gradient of the trits is 0 too',
    );
  });
