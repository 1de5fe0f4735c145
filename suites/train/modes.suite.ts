import { FlatParameters } from '../../src/autograd/flat-parameters.ts';
import { RandomState } from '../../src/autograd/random-state.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { initialLinear } from '../../src/models/initial.ts';
import { Layers } from '../../src/models/layers.ts';
import { relu } from '../../src/ops/math/relu.ts';
import { EPS } from '../../src/reference/bounds.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { download, largestDifference, normalTensor } from './tensors.ts';

export const modesSuite = suite('train.modes', {
  description: 'A network with dropout in training, and outside of it',
});

const P = 0.25;
const ROWS = 4;
const IN = 8;
const HIDDEN = 32;
const OUT = 6;

/** Two linears with relu between them; in training a quarter of what relu gives is dropped. */
class DropoutNet implements Disposable {
  readonly #t: CaseContext;
  readonly #parameters: FlatParameters;
  readonly #x: Tensor;

  constructor(t: CaseContext) {
    const random = t.random(1);
    this.#t = t;
    this.#parameters = new FlatParameters(
      t.gpu,
      new Map([
        ...initialLinear('fc1', [HIDDEN, IN], random),
        ...initialLinear('fc2', [OUT, HIDDEN], random),
      ]),
    );
    this.#x = Tensor.from(t.gpu, normalTensor(t, 2, [ROWS, IN]));
  }

  /** Outputs [rows, out], in training with the random numbers given, else outside of it. */
  async outputs(random?: RandomState): Promise<Float64Array> {
    using y = Tensor.zeros(this.#t.gpu, [ROWS, OUT]);
    this.pass(y, random);
    return (await download(y)).data;
  }

  /** Records a pass and copies its outputs to `target`. */
  pass(target: Tensor, random?: RandomState): void {
    random?.begin();
    using tape = new Tape(this.#t.gpu, [], { random });
    const layers = new Layers(tape, this.#parameters);
    const dropped = layers.dropout('drop', this.#hidden(tape, layers), P);
    target.copyFrom(layers.linear('fc2', dropped));
    random?.advance();
  }

  /** What is dropped of, [rows, hidden], and the weight that it meets, [out, hidden]. */
  async parts(): Promise<{ readonly hidden: Float64Array; readonly weight: Float64Array }> {
    using tape = new Tape(this.#t.gpu);
    const hidden = await download(this.#hidden(tape, new Layers(tape, this.#parameters)));
    return {
      hidden: hidden.data,
      weight: (await download(this.#parameters.view('fc2.weight'))).data,
    };
  }

  #hidden(tape: Tape, layers: Layers): Tensor {
    return tape.apply(relu, { x: layers.linear('fc1', this.#x) }, {}, 'relu').y;
  }

  [Symbol.dispose](): void {
    this.#x[Symbol.dispose]();
    this.#parameters[Symbol.dispose]();
  }
}

modesSuite
  .case('train-differs')
  .covers('triton.training.train-vs-eval-mode/train-differs')
  .desc('In training the outputs of a network with dropout are others than outside of it.')
  .control('nothing is dropped', (fault) =>
    fault.launch('dropout.forward', ([gpu, inputs, params, variant]) => [
      gpu,
      inputs,
      { ...params, p: 0 },
      variant,
    ]),
  )
  .run(async (t) => {
    using net = new DropoutNet(t);
    const difference = largestDifference(
      await net.outputs(new RandomState(t.seed)),
      await net.outputs(),
    );
    t.expect(difference > 1e-3, () => `the outputs differ by at most ${difference}`);
  });

modesSuite
  .case('eval-repeats')
  .covers('triton.training.train-vs-eval-mode/eval-bit-equal')
  .desc(
    'Outside of training two passes over the same inputs give the same bits, others in every output.',
  )
  .control('dropout outside of training', (fault) =>
    fault.host('layers.random', (original) => {
      const random = new RandomState(1);
      return (tape) => original(tape) ?? random;
    }),
  )
  .run(async (t) => {
    using net = new DropoutNet(t);
    const [first, second] = [await net.outputs(), await net.outputs()];
    t.expect(new Set(first).size === first.length, () => `the outputs are ${first.join(', ')}`);
    const other = first.findIndex((x, i) => !Object.is(x, second[i]));
    t.expect(other < 0, () => `output ${other} is ${first[other]} and then ${second[other]}`);
  });

const PASSES = 2000;
/** Floats from the outputs of a pass to those of the next: views start at multiples of 256 bytes. */
const STRIDE = 64;

modesSuite
  .case('mean')
  .tier('full')
  .timeout(60_000)
  .covers('triton.training.train-vs-eval-mode/mean-equals-eval')
  .desc(
    'Only a linear layer follows dropout: the mean of 2000 passes in training is within 4.5 standard deviations of the output outside of it, in every output.',
  )
  .control('what is kept is not scaled', (fault) =>
    fault.shader('nn/dropout', 'vec4f(), x * scale, words', 'vec4f(), x, words'),
  )
  .run(async (t) => {
    using net = new DropoutNet(t);
    const still = await net.outputs();
    const random = new RandomState(t.seed);
    using all = Tensor.zeros(t.gpu, [PASSES, STRIDE]);
    for (let pass = 0; pass < PASSES; pass++)
      net.pass(all.view([ROWS, OUT], { offset: 4 * STRIDE * pass }), random);
    const { data } = await download(all);
    const mean = still.map((_, i) => {
      let sum = 0;
      for (let pass = 0; pass < PASSES; pass++) sum += data[STRIDE * pass + i] as number;
      return sum / PASSES;
    });
    const { hidden, weight } = await net.parts();
    const furthest = still.map((y, i) => {
      const row = Math.floor(i / OUT);
      const out = i % OUT;
      const terms = Array.from(
        { length: HIDDEN },
        (_, k) => (hidden[row * HIDDEN + k] as number) * (weight[out * HIDDEN + k] as number),
      );
      // Each term is 0 or 1 / (1 - p) of itself.
      const variance = (terms.reduce((sum, term) => sum + term ** 2, 0) * P) / (1 - P);
      const rounding = (HIDDEN + 2) * EPS * terms.reduce((sum, term) => sum + Math.abs(term), 1);
      return (
        Math.max(0, Math.abs((mean[i] as number) - y) - rounding) / Math.sqrt(variance / PASSES)
      );
    });
    const most = Math.max(...furthest);
    t.metric('deviations', most);
    t.expect(most <= 4.5, () => `a mean is ${most} standard deviations from the output`);
  });
