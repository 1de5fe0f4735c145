import { FlatParameters } from '../../src/autograd/flat-parameters.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { GradproofError } from '../../src/errors.ts';
import { Layers } from '../../src/models/layers.ts';
import { add } from '../../src/ops/math/add.ts';
import { relu } from '../../src/ops/math/relu.ts';
import { sigmoid } from '../../src/ops/math/sigmoid.ts';
import { product } from '../../src/reference/matmul/product.ts';
import type { Value } from '../../src/reference/record.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import {
  checkVanishing,
  gradientNorms,
  type LayerNorm,
  vanishingRatio,
} from '../../src/train/gradient-health.ts';
import { upload } from './simple-layer.ts';

export const vanishing = suite('errors.vanishing-gradients', {
  description: 'Gradients that vanish on their way through a deep net are measured and told',
});

const DEPTH = 20;
const WIDTH = 16;
const ROWS = 8;
const LAYERS = Array.from({ length: DEPTH }, (_, i) => `layer${i + 1}`);

/** A deep net: what a layer makes of its linear's result and of what it was given. */
type Joint = (tape: Tape, z: Tensor, x: Tensor, layer: string) => Tensor;

const saturating: Joint = (tape, z, _x, layer) => tape.apply(sigmoid, { x: z }, {}, layer).y;
const residual: Joint = (tape, z, x, layer) =>
  tape.apply(add, { a: x, b: tape.apply(relu, { x: z }, {}, layer).y }, {}, layer).y;

function normals(t: CaseContext, stream: number, rows: number, cols: number, scale = 1): Value {
  const random = t.random(stream);
  return { shape: [rows, cols], data: random.fill(rows * cols, () => random.normal(scale)) };
}

/** Weights, input and gradient of the output, the same for every joint. */
function drawn(t: CaseContext) {
  return {
    weights: LAYERS.map((_, i) => rounded(normals(t, 10 + i, WIDTH, WIDTH, 1 / Math.sqrt(WIDTH)))),
    x: rounded(normals(t, 1, ROWS, WIDTH)),
    dy: rounded(normals(t, 2, ROWS, WIDTH)),
  };
}

const rounded = ({ shape, data }: Value): Value => ({ shape, data: data.map(Math.fround) });

/** Norms of the weights' gradients, first layer first, as the device computes them. */
async function measured(t: CaseContext, joint: Joint): Promise<readonly LayerNorm[]> {
  const { weights, ...hosts } = drawn(t);
  using parameters = new FlatParameters(
    t.gpu,
    new Map(
      weights.map(({ shape, data }, i) => [
        `${LAYERS[i]}.weight`,
        hostTensorFrom('f32', shape, data),
      ]),
    ),
  );
  using x = upload(t, hosts.x);
  using dy = upload(t, hosts.dy);
  const views = LAYERS.map((layer) => parameters.view(`${layer}.weight`));
  using tape = new Tape(t.gpu, views);
  const layers = new Layers(tape, parameters);
  let y = x;
  for (const layer of LAYERS) y = joint(tape, layers.linear(layer, y), y, layer);
  const gradients = tape.backward(y, dy);
  return await gradientNorms(
    views.map((view, i) => [LAYERS[i] as string, gradients.get(view) as Tensor] as const),
  );
}

/** The norms of the sigmoid net in float64. */
function reference(t: CaseContext): readonly LayerNorm[] {
  const { weights, x, dy } = drawn(t);
  const given: Value[] = [];
  let y = x;
  for (const weight of weights) {
    given.push(y);
    const z = product(y, weight, false, true);
    y = { shape: z.shape, data: z.data.map((value) => 1 / (1 + Math.exp(-value))) };
  }
  const norms: LayerNorm[] = [];
  let gradient = dy;
  for (let i = DEPTH - 1; i >= 0; i--) {
    const out = i === DEPTH - 1 ? y : (given[i + 1] as Value);
    const dz = {
      shape: gradient.shape,
      data: gradient.data.map((value, k) => {
        const s = out.data[k] as number;
        return value * s * (1 - s);
      }),
    };
    const ofWeight = product(dz, given[i] as Value, true, false);
    norms.unshift({
      layer: LAYERS[i] as string,
      norm: Math.sqrt(ofWeight.data.reduce((sum, value) => sum + value * value, 0)),
    });
    gradient = product(dz, weights[i] as Value, false, false);
  }
  return norms;
}

vanishing
  .case('ratio')
  .tier('full')
  .covers('triton.errors.gradient-vanishing/norm-ratio')
  .desc('Twenty layers of sigmoids: the first gradient is less than a millionth of the last.')
  .control('sigmoids with a slope of 1', (fault) =>
    fault.shader('math/sigmoid_backward', 'dy * (small * large * large)', 'dy'),
  )
  .run(async (t) => {
    const ratio = vanishingRatio(await measured(t, saturating));
    t.metric('ratio', ratio);
    t.expect(ratio > 0 && ratio < 1e-6, () => `the ratio is ${ratio}`);
  });

vanishing
  .case('as-in-float64')
  .tier('full')
  .covers('triton.errors.gradient-vanishing/ratio-equals-reference')
  .desc('The ratio of first to last norm is that of the same net in float64, within 5 %.')
  .control('slopes less by a hundredth', (fault) =>
    fault.shader(
      'math/sigmoid_backward',
      'dy * (small * large * large)',
      'dy * (0.99 * small * large * large)',
    ),
  )
  .run(async (t) => {
    const ratio = vanishingRatio(await measured(t, saturating));
    const norms = reference(t).map(({ norm }) => norm);
    const truth = (norms[0] as number) / (norms[DEPTH - 1] as number);
    t.expect(
      Math.abs(ratio / truth - 1) <= 0.05,
      () => `the ratio is ${ratio}, and ${truth} in float64`,
    );
  });

vanishing
  .case('layers-named')
  .tier('full')
  .covers('triton.errors.gradient-vanishing/layers-named')
  .desc('The error names exactly the layers whose gradient is below a millionth of the last.')
  .control('nothing is said', (fault) => fault.host('train.check_vanishing', () => () => {}))
  .run(async (t) => {
    const norms = await measured(t, saturating);
    const truth = reference(t);
    const last = truth.at(-1)?.norm ?? 0;
    const names = truth.filter(({ norm }) => norm < 1e-6 * last).map(({ layer }) => layer);
    t.expect(names.length > 1 && names.length < DEPTH, () => `${names.length} layers vanish`);
    const thrown = thrownBy(() => checkVanishing(norms));
    t.expect(
      thrown instanceof GradproofError && thrown.code === 'grad-vanishing',
      () => `what is thrown is ${thrown}`,
    );
    t.expect(
      String(thrown).includes(`gradients of ${names.join(', ')} are`),
      () => `of ${names} it is said: ${thrown}`,
    );
  });

vanishing
  .case('residual-silent')
  .tier('full')
  .covers('triton.errors.gradient-vanishing/control-net-silent')
  .desc('With ReLU and residual connections the same weights raise nothing.')
  .control('the gradient of the first layer is lost', (fault) =>
    fault.host(
      'train.check_vanishing',
      (original) =>
        ([first, ...others]: readonly LayerNorm[]) =>
          original([{ ...first, norm: 0 }, ...others]),
    ),
  )
  .run(async (t) => {
    const norms = await measured(t, residual);
    t.metric('ratio', vanishingRatio(norms));
    const thrown = thrownBy(() => checkVanishing(norms));
    t.expect(thrown === undefined, () => `it is said: ${thrown}`);
  });

function thrownBy(call: () => void): unknown {
  try {
    call();
    return undefined;
  } catch (error) {
    return error;
  }
}
