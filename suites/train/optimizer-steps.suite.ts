import { FlatParameters } from '../../src/autograd/flat-parameters.ts';
import { Scope } from '../../src/gpu/scope.ts';
import { record as adamwStep } from '../../src/reference/optim/adamw_step.ts';
import type { Acceptance, Value } from '../../src/reference/record.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import type { Random } from '../../src/tensor/random.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { judgeApplications } from '../../src/testing/judge-step.ts';
import { suite } from '../../src/testing/suite.ts';
import { Optimizer } from '../../src/train/optimizer.ts';
import type { OptimizerParams } from '../../src/train/update-rule.ts';
import { adamDefaults } from '../../src/vocabulary/optim/adam.ts';
import { download } from './tensors.ts';

export const optimizerSteps = suite('train.optimizer-steps', {
  description:
    'Fifty steps of each optimizer, and what tells AdamW from Adam and from no correction',
});

const STEPS = 50;
const SIZE = 37;
/** Elements whose gradients are 0 for so many steps: their second moments stay 0. */
const STILL = 8;
const STILL_STEPS = 5;
/** Its parameters move by it. */
const LR = 1 / 128;

const OPTIMIZERS = {
  adamw: { optimizer: 'adamw', lr: LR, weight_decay: 0.1 },
  adam: { optimizer: 'adam', lr: LR, weight_decay: 0.1 },
  sgd: { optimizer: 'sgd', lr: 0.1, weight_decay: 0.1 },
  momentum: { optimizer: 'sgd', lr: 0.1, momentum: 0.9, weight_decay: 0.1 },
  adadelta: { optimizer: 'adadelta', lr: 1, weight_decay: 0.1 },
} as const satisfies Readonly<Record<string, OptimizerParams>>;

/** What each optimizer keeps is a little more than it should be. */
const FAULTS = {
  adamw: ['adamw_step', 'now.exp_avg_sq, among', '1.0001 * now.exp_avg_sq, among'],
  adam: ['adamw_step', 'now.exp_avg_sq, among', '1.0001 * now.exp_avg_sq, among'],
  sgd: ['sgd_step', 'after.buffer, among', '1.0001 * after.buffer, among'],
  momentum: ['sgd_step', 'after.buffer, among', '1.0001 * after.buffer, among'],
  adadelta: ['adadelta_step', 'step.rho * averages', '1.0001 * step.rho * averages'],
} as const satisfies Readonly<Record<keyof typeof OPTIMIZERS, readonly string[]>>;

/** One parameter and its gradient, which both may be given anew. */
class Stepped implements Disposable {
  readonly optimizer: Optimizer;
  readonly param: Tensor;
  readonly #scope = new Scope();
  readonly #gradient: Tensor;
  readonly #gradients: ReadonlyMap<Tensor, Tensor>;

  constructor(t: CaseContext, params: OptimizerParams, start: readonly number[]) {
    const of = hostTensorFrom('f32', [start.length], start);
    const parameters = this.#scope.add(new FlatParameters(t.gpu, new Map([['w', of]])));
    this.param = parameters.view('w');
    this.#gradient = this.#scope.add(Tensor.zeros(t.gpu, [start.length]));
    this.#gradients = new Map([[this.param, this.#gradient]]);
    this.optimizer = this.#scope.add(new Optimizer(t.gpu, parameters, params));
  }

  step(gradient: readonly number[]): void {
    this.#begin(gradient);
    this.optimizer.update(this.#gradients);
  }

  async judgedStep(t: CaseContext, gradient: readonly number[]): Promise<void> {
    this.#begin(gradient);
    await this.optimizer.judgedUpdate(this.#gradients, async (seen) => {
      await judgeApplications(t, this.optimizer.step, seen);
    });
  }

  #begin(gradient: readonly number[]): void {
    this.#gradient.write(hostTensorFrom('f32', [gradient.length], gradient));
    this.optimizer.advance();
  }

  [Symbol.dispose](): void {
    this.#scope[Symbol.dispose]();
  }
}

const drawn = (random: Random, size = SIZE): readonly number[] =>
  Array.from({ length: size }, () => random.normal());

for (const [name, params] of Object.entries(OPTIMIZERS)) {
  const [file, from, to] = FAULTS[name as keyof typeof OPTIMIZERS];
  optimizerSteps
    .case('fifty', { optimizer: [name] })
    .tier('full')
    .timeout(60_000)
    .covers('fsdp.training.optimizer-configurations/one-step-bound')
    .desc(
      'Fifty steps on the same gradients, some of them 0 at first, each within the bound of one step from what the device had before.',
    )
    .control('what is kept grows', (fault) => fault.shader(`optim/${file}`, from, to))
    .run(async (t) => {
      using stepped = new Stepped(t, params, drawn(t.random(1)));
      const random = t.random(2);
      for (let step = 1; step <= STEPS; step++) {
        const gradient = drawn(random).map((g, i) => (i < STILL && step <= STILL_STEPS ? 0 : g));
        await stepped.judgedStep(t, gradient);
      }
      t.expect(stepped.optimizer.step === STEPS, () => `${stepped.optimizer.step} were made`);
    });
}

/** After one step of AdamW or Adam, from moments of 0: the parameter, and how far it may be off. */
async function firstStep(t: CaseContext, optimizer: 'adamw' | 'adam') {
  const params = { optimizer, lr: LR, weight_decay: 0.1 } as const;
  const start = drawn(t.random(1));
  const gradient = drawn(t.random(2));
  using stepped = new Stepped(t, params, start);
  stepped.step(gradient);
  const of = (numbers: readonly number[]): Value => ({
    shape: [SIZE],
    data: valuesOf(hostTensorFrom('f32', [SIZE], numbers)),
  });
  const zeros = of(new Array<number>(SIZE).fill(0));
  const inputs = { param: of(start), grad: of(gradient), exp_avg: zeros, exp_avg_sq: zeros };
  const whole = { ...adamDefaults(optimizer), lr: LR, weight_decay: 0.1, step: 1 };
  const outputs = adamwStep.forward(inputs, whole);
  const arithmetic = { depth: () => 1, ieee: t.ieee };
  const { param } = adamwStep.acceptance(inputs, outputs, whole, arithmetic);
  const { bound } = param as Acceptance & { readonly kind: 'within' };
  return { actual: await download(stepped.param), bound };
}

optimizerSteps
  .case('decay')
  .covers('fsdp.training.optimizer-configurations/adamw-differs-adam')
  .desc(
    'With a decay of 0.1 the first steps of AdamW and Adam part by ten times their bounds at least, in nine elements of ten.',
  )
  .control('AdamW adds its decay to the gradient', (fault) =>
    fault.launch('adamw_step.scalars', ([hyperparameters, step]) => [
      { ...hyperparameters, mode: 'adam' },
      step,
    ]),
  )
  .run(async (t) => {
    const decoupled = await firstStep(t, 'adamw');
    const added = await firstStep(t, 'adam');
    const apart = decoupled.actual.data.filter((x, i) => {
      const bound = (decoupled.bound[i] as number) + (added.bound[i] as number);
      return Math.abs(x - (added.actual.data[i] as number)) >= 10 * bound;
    }).length;
    t.metric('apart', apart);
    t.expect(apart >= 0.9 * SIZE, () => `${apart} of ${SIZE} elements part`);
  });

/** The catalog's, of the rate. */
const OF_RATE = 1e-5;

optimizerSteps
  .case('correction', { optimizer: ['adamw', 'adam'] })
  .covers('fsdp.training.optimizer-configurations/bias-correction')
  .desc(
    'Without decay the first step moves a small parameter by the rate, within 1e-5 of it, whatever gradient of 0.01 or more it has.',
  )
  .control('moments are taken as they are', (fault) =>
    fault.launch('adamw_step.scalars', ([hyperparameters, step]) => [
      { ...hyperparameters, bias_correction: false },
      step,
    ]),
  )
  .run(async (t) => {
    const random = t.random();
    const { optimizer } = t.params;
    const gradient = Array.from({ length: SIZE }, () => {
      const size = 10 ** random.uniform(-2, 2);
      return random.integer(0, 1) === 0 ? size : -size;
    });
    const start = Array.from({ length: SIZE }, () => Math.fround(random.uniform(-LR, LR)));
    using stepped = new Stepped(t, { optimizer, lr: LR, weight_decay: 0 }, start);
    stepped.step(gradient);
    const { data } = await download(stepped.param);
    for (const [i, x] of data.entries()) {
      const moved = (start[i] as number) - x;
      const wanted = LR * Math.sign(gradient[i] as number);
      t.expect(
        Math.abs(moved - wanted) <= OF_RATE * LR,
        () => `element ${i} moved by ${moved} at a gradient of ${gradient[i]}`,
      );
    }
  });
