import type { Gpu } from '../gpu/gpu.ts';
import type { FlatParameters } from '../nn/flat-parameters.ts';
import type { Application } from '../nn/tape.ts';
import type { Op } from '../ops/op.ts';
import { type AdamHyperparameters, adamwStep, adamwStepOp } from '../ops/optim/adamw_step.ts';
import { type HostTensor, hostTensor } from '../tensor/host.ts';
import { Tensor } from '../tensor/tensor.ts';

/** All that a step changes, after `step` steps. */
export type OptimizerState = { readonly step: number } & Readonly<Record<'param' | 'exp_avg' | 'exp_avg_sq', HostTensor>>;

/** AdamW over one flat buffer: gradients are gathered into a buffer of the same layout and one dispatch updates everything. */
export class AdamW implements Disposable {
  readonly #parameters: FlatParameters;
  readonly #hyperparameters: AdamHyperparameters;
  readonly #grad: Tensor;
  readonly #expAvg: Tensor;
  readonly #expAvgSq: Tensor;
  #step = 0;

  constructor(gpu: Gpu, parameters: FlatParameters, hyperparameters: AdamHyperparameters) {
    this.#parameters = parameters;
    this.#hyperparameters = hyperparameters;
    const { length } = parameters.layout;
    const zeros = () => Tensor.from(gpu, hostTensor('f32', [length], new Float32Array(length)));
    [this.#grad, this.#expAvg, this.#expAvgSq] = [zeros(), zeros(), zeros()];
  }

  /** Records one step. `gradients` are by parameter view; every parameter must have one. */
  step(gradients: ReadonlyMap<Tensor, Tensor>): void {
    this.#parameters.gather(gradients, this.#grad);
    this.#step += 1;
    const { gpu } = this.#parameters.data;
    adamwStep(gpu, { ...this.#state, grad: this.#grad }, this.#hyperparameters, this.#step);
  }

  /** As {@link AdamW.step}, with the state before and after it shown to `judge`. */
  async judgedStep(gradients: ReadonlyMap<Tensor, Tensor>, judge: (applications: readonly Application[]) => Promise<void>): Promise<void> {
    using param = this.#state.param.clone();
    using exp_avg = this.#expAvg.clone();
    using exp_avg_sq = this.#expAvgSq.clone();
    this.step(gradients);
    await judge([
      {
        layer: 'optimizer',
        op: adamwStepOp as unknown as Op,
        variant: Object.keys(adamwStepOp.variants)[0] as string,
        params: { ...this.#hyperparameters, step: this.#step },
        inputs: { param, exp_avg, exp_avg_sq, grad: this.#grad },
        outputs: this.#state,
      },
    ]);
  }

  /** Parameters and moments as they are now. */
  async read(): Promise<OptimizerState> {
    const { param, exp_avg, exp_avg_sq } = this.#state;
    return { step: this.#step, param: await param.read(), exp_avg: await exp_avg.read(), exp_avg_sq: await exp_avg_sq.read() };
  }

  /** Goes on from what {@link AdamW.read} gave. */
  write({ step, ...state }: OptimizerState): void {
    this.#step = step;
    for (const [name, tensor] of Object.entries(this.#state)) tensor.write(state[name as keyof typeof state]);
  }

  get #state(): Record<'param' | 'exp_avg' | 'exp_avg_sq', Tensor> {
    return { param: this.#parameters.data, exp_avg: this.#expAvg, exp_avg_sq: this.#expAvgSq };
  }

  [Symbol.dispose](): void {
    for (const tensor of [this.#grad, this.#expAvg, this.#expAvgSq]) tensor[Symbol.dispose]();
  }
}
