import type { Gpu } from '../gpu/gpu.ts';
import { Scope } from '../gpu/scope.ts';
import { add } from '../ops/math/add.ts';
import { ampUnscale, unscale } from '../ops/optim/amp_unscale.ts';
import { ampUpdateScale, type ScaleState, updateScale } from '../ops/optim/amp_update_scale.ts';
import { hostTensorFrom } from '../tensor/host.ts';
import { Tensor, type Tensors } from '../tensor/tensor.ts';
import { gradScaler } from '../vocabulary/optim/grad_scaler.ts';
import { completed, type GivenParams, type ParamsOf } from '../vocabulary/signature.ts';
import type { Stage } from './stage.ts';
import type { ScaledRule, ScaledStep } from './update-rule.ts';

/** Dynamic loss scaling, as torch.amp.GradScaler names it. */
export type LossScaling = Omit<GivenParams<typeof gradScaler>, 'lr'>;

/** What one step of an update works on. */
interface Stepped {
  /** The gradient as `grad`, and what else the op is given. */
  readonly reads: Tensors;
  readonly changed: Tensors;
  /** The number of its rule. */
  readonly group: number;
  /** How it steps, where not as the optimizer does with whole segments. */
  readonly rule?: ScaledStep | undefined;
}

interface ScaledGroup {
  readonly rule: ScaledRule;
  readonly rates: Tensor;
}

/**
 * Dynamic loss scaling on the device: gradients of the scaled loss are unscaled, an update with one
 * that is not finite is left out and the scale backs off, and it grows again after a while without.
 * The host never learns which: what it must know of a step, the device counts.
 */
export class LossScaler implements Disposable {
  readonly state: ScaleState & Tensors;
  readonly #gpu: Gpu;
  readonly #growth: Omit<ParamsOf<typeof gradScaler>, 'init_scale' | 'lr'>;
  /** Of each group of parameters, with the numbers of its steps. */
  readonly #groups: readonly ScaledGroup[];
  /** Of each segment of the gradients, and of each with those before it: 0 where none is. */
  readonly #found: readonly Tensor[];
  readonly #foundSoFar: readonly Tensor[];
  readonly #owned: Scope;

  /** For gradients in so many segments, of groups of parameters that are stepped by these rules. */
  constructor(gpu: Gpu, scaling: LossScaling, rules: readonly ScaledRule[], segments: number) {
    using owned = new Scope();
    const { init_scale, lr: _, ...growth } = completed(gradScaler, scaling);
    this.#gpu = gpu;
    this.#growth = growth;
    this.#groups = rules.map((rule) => ({ rule, rates: owned.add(rule.rates(gpu)) }));
    const flags = (count: number) =>
      Array.from({ length: count }, () => owned.add(Tensor.zeros(gpu, [1])));
    this.#found = flags(segments);
    const one = (dtype: 'f32' | 'i32', value: number) =>
      owned.add(Tensor.from(gpu, hostTensorFrom(dtype, [1], [value])));
    this.#foundSoFar = flags(segments - 1);
    this.state = {
      scale: one('f32', init_scale),
      growth_tracker: one('i32', 0),
      steps: one('i32', 0),
    };
    this.#owned = owned.move();
  }

  /**
   * The stages of an update: unscaling the segments of the gradients, what is done with unscaled
   * ones, a step of each of `stepped`, the next scale.
   */
  around(
    grads: readonly Tensor[],
    stepped: readonly Stepped[],
    clipping: readonly Stage[],
  ): readonly Stage[] {
    const found_inf = this.#foundSoFar.at(-1) ?? (this.#found[0] as Tensor);
    const stepping = stepped.map((one) => this.#stepping(one, found_inf));
    const scaling: Stage = {
      op: ampUpdateScale,
      params: () => this.#growth,
      reads: { found_inf },
      changes: this.state,
      run: nothing(() => updateScale(this.#gpu, this.state, found_inf, this.#growth)),
    };
    const unscaling = grads.map((grad, i) => this.#unscaling(grad, this.#found[i] as Tensor));
    return [...unscaling, ...this.#finding(), ...clipping, ...stepping, scaling];
  }

  #unscaling(grad: Tensor, found_inf: Tensor): Stage {
    const { scale } = this.state;
    return {
      op: ampUnscale,
      params: () => ({}),
      reads: { scale },
      changes: { grad },
      writes: { found_inf },
      run: nothing(() => unscale(this.#gpu, { grad, scale, found_inf })),
    };
  }

  /** Sums what was found in the segments: none is to be updated where one is not finite. */
  #finding(): readonly Stage[] {
    return this.#foundSoFar.map((target, i) => {
      const a = (i === 0 ? this.#found[0] : this.#foundSoFar[i - 1]) as Tensor;
      const reads = { a, b: this.#found[i + 1] as Tensor };
      return {
        op: add,
        params: () => ({}),
        reads,
        changes: {},
        run: () => {
          const { y } = add.forward(this.#gpu, reads, {});
          target.copyFrom(y);
          return { y };
        },
      };
    });
  }

  #stepping({ reads, changed, group, rule: own }: Stepped, found_inf: Tensor): Stage {
    const { rule: usual, rates } = this.#groups[group] as ScaledGroup;
    const rule: ScaledStep = own ?? usual;
    const all = { ...reads, found_inf, steps: this.state.steps };
    return {
      op: rule.op,
      params: () => rule.params,
      reads: all,
      changes: changed,
      run: nothing(() => rule.step(this.#gpu, { ...all, ...changed }, rates)),
    };
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}

/** What a stage runs that makes no tensors. */
const nothing = (record: () => void) => (): Tensors => {
  record();
  return {};
};
