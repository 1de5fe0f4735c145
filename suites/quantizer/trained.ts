import { FlatParameters } from '../../src/autograd/flat-parameters.ts';
import type { Tape } from '../../src/autograd/tape.ts';
import { CLUSTER_FEATURES, drawClusters } from '../../src/data/clusters.ts';
import type { Draw } from '../../src/data/examples.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import type { Initial } from '../../src/models/initial.ts';
import { Layers } from '../../src/models/layers.ts';
import type { Model } from '../../src/models/model.ts';
import { ternaryLinear } from '../../src/models/ternary-linear.ts';
import { ModelValues } from '../../src/models/values.ts';
import { relu } from '../../src/ops/math/relu.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { Learner } from '../../src/train/learner.ts';
import { initialPerceptron } from '../quant/mlp.ts';

/** Of the original suite's network. */
const FEATURES = 64;
export const LAYERS = ['fc1', 'fc2'] as const;

/** Clusters with 52 more numbers up to `reach` that tell nothing: 64 as the network has. */
export const examplesOf =
  (reach: number): Draw =>
  (count, random) => {
    const { inputs, labels } = drawClusters(count, random);
    const points = valuesOf(inputs['x'] as NonNullable<(typeof inputs)['x']>);
    const x = Array.from({ length: count }, (_, i) => [
      ...points.slice(i * CLUSTER_FEATURES, (i + 1) * CLUSTER_FEATURES),
      ...Array.from({ length: FEATURES - CLUSTER_FEATURES }, () => random.uniform(-reach, reach)),
    ]);
    return { inputs: { x: hostTensorFrom('f32', [count, FEATURES], x.flat()) }, labels };
  };

/** The network of 64-128-10 with given values, whose linears can be quantized. */
export class GivenPerceptron implements Model {
  readonly values: ModelValues;

  constructor(gpu: Gpu, initial: Initial) {
    this.values = new ModelValues(gpu, initial);
  }

  get parameters(): FlatParameters {
    return this.values.parameters;
  }

  forward(tape: Tape, { x }: { readonly x: Tensor }): Tensor {
    return this.layers(tape, x).logits;
  }

  /** What goes into the second linear, and both outputs. */
  layers(tape: Tape, x: Tensor) {
    const layers = new Layers(tape, this.values);
    const first = layers.linear('fc1', x);
    const hidden = tape.apply(relu, { x: first }, {}, 'relu').y;
    return { first, hidden, logits: layers.linear('fc2', hidden) };
  }

  /** The values as they are now. */
  async read(): Promise<Initial> {
    const { names, parameters } = this.values;
    return Promise.all(
      names.map(async (name) => [name, await parameters.view(name).read()] as const),
    );
  }

  [Symbol.dispose](): void {
    this.values[Symbol.dispose]();
  }
}

/** The same network, with trits of its weights in every pass. */
export class TernaryPerceptron implements Model {
  readonly parameters: FlatParameters;

  constructor(gpu: Gpu, initial: Initial) {
    this.parameters = new FlatParameters(gpu, new Map(initial));
  }

  forward(tape: Tape, { x }: { readonly x: Tensor }): Tensor {
    const linear = (name: string, given: Tensor) => {
      const weight = this.parameters.view(`${name}.weight`);
      const bias = this.parameters.view(`${name}.bias`);
      return ternaryLinear(tape, name, given, { weight, bias }).y;
    };
    const hidden = tape.apply(relu, { x: linear('fc1', x) }, {}, 'relu').y;
    return linear('fc2', hidden);
  }

  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
  }
}

/** What a network is shown. */
export interface Lesson {
  readonly draw: Draw;
  readonly steps: number;
  readonly lr: number;
  /** Default 64. */
  readonly batchSize?: number;
}

/** Shows a model so many batches; the share of 500 others that it then has right. */
export async function taught(t: CaseContext, model: Model, lesson: Lesson): Promise<number> {
  const { draw, steps, lr, batchSize = 64 } = lesson;
  using learner = new Learner(t.gpu, model, {
    draw,
    batchSize,
    optimizer: { optimizer: 'adamw', lr, weight_decay: 0 },
    seed: t.seed,
  });
  for (let step = 0; step < steps; step++) await learner.step();
  const { right, asked } = await learner.score(heldOut(t, draw));
  return right / asked;
}

/** Examples that no training sees. */
export const heldOut = (t: CaseContext, draw: Draw) => draw(500, t.random(2));

/** The values of the network after a lesson in floats, and the share that it has right. */
export async function trainedPerceptron(t: CaseContext, lesson: Lesson) {
  using model = new GivenPerceptron(t.gpu, initialPerceptron(t.random(1)));
  const accuracy = await taught(t, model, lesson);
  return { values: await model.read(), accuracy };
}
