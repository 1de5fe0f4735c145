import type { Gpu } from '../gpu/gpu.ts';
import { ampUnscale, unscale } from '../ops/optim/amp_unscale.ts';
import { ampUpdateScale, type ScaleState, updateScale } from '../ops/optim/amp_update_scale.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Tensor, type Tensors } from '../tensor/tensor.ts';
import { gradScaler } from '../vocabulary/optim/grad_scaler.ts';
import { completed, type GivenParams, type ParamsOf } from '../vocabulary/signature.ts';
import type { Stage } from './stage.ts';
import type { ScaledRule } from './update-rule.ts';

/** Dynamic loss scaling, as torch.amp.GradScaler names it. */
export type LossScaling = Omit<GivenParams<typeof gradScaler>, 'lr'>;

/**
 * Dynamic loss scaling on the device: gradients of the scaled loss are unscaled, an update with one
 * that is not finite is left out and the scale backs off, and it grows again after a while without.
 * The host never learns which: what it must know of a step, the device counts.
 */
export class LossScaler implements Disposable {
  readonly state: ScaleState & Tensors;
  readonly #gpu: Gpu;
  readonly #growth: Omit<ParamsOf<typeof gradScaler>, 'init_scale' | 'lr'>;
  readonly #rule: ScaledRule;
  readonly #foundInf: Tensor;
  readonly #rates: Tensor;

  constructor(gpu: Gpu, scaling: LossScaling, rule: ScaledRule) {
    const { init_scale, lr: _, ...growth } = completed(gradScaler, scaling);
    this.#gpu = gpu;
    this.#growth = growth;
    this.#rule = rule;
    this.#rates = rule.rates(gpu);
    this.#foundInf = Tensor.zeros(gpu, [1]);
    const one = (dtype: 'f32' | 'i32', value: number) =>
      Tensor.from(gpu, hostTensorFrom(dtype, [1], [value]));
    this.state = {
      scale: one('f32', init_scale),
      growth_tracker: one('i32', 0),
      steps: one('i32', 0),
    };
  }

  /**
   * The stages of an update: unscaling, what is done with unscaled gradients, the step, the next
   * scale.
   */
  around(grad: Tensor, changed: Tensors, clipping: readonly Stage[]): readonly Stage[] {
    const found_inf = this.#foundInf;
    const { scale, steps } = this.state;
    const unscaling: Stage = {
      op: ampUnscale,
      params: () => ({}),
      reads: { scale },
      changes: { grad },
      writes: { found_inf },
      run: nothing(() => unscale(this.#gpu, { grad, scale, found_inf })),
    };
    const stepping: Stage = {
      op: this.#rule.op,
      params: () => this.#rule.params,
      reads: { grad, found_inf, steps },
      changes: changed,
      run: nothing(() =>
        this.#rule.step(this.#gpu, { ...changed, grad, found_inf, steps }, this.#rates),
      ),
    };
    const scaling: Stage = {
      op: ampUpdateScale,
      params: () => this.#growth,
      reads: { found_inf },
      changes: this.state,
      run: nothing(() => updateScale(this.#gpu, this.state, found_inf, this.#growth)),
    };
    return [unscaling, ...clipping, stepping, scaling];
  }

  [Symbol.dispose](): void {
    for (const tensor of [this.#foundInf, this.#rates, ...Object.values(this.state)])
      tensor[Symbol.dispose]();
  }
}

/** What a stage runs that makes no tensors. */
const nothing = (record: () => void) => (): Tensors => {
  record();
  return {};
};
