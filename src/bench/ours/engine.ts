import type { Gpu } from '../../gpu/gpu.ts';
import { scaledDotProductAttention } from '../../ops/attention/scaled_dot_product_attention.ts';
import { launchers } from '../../ops/registry.ts';
import { chooseVariant, runnableVariants } from '../../ops/variants.ts';
import type { Contender, PreparedWork } from '../contender.ts';
import { drawnCall } from '../drawn.ts';
import { VARIANT } from '../variant-rows.ts';
import type { CeilingWork, Work } from '../work.ts';
import { BY_PRODUCTS } from './attention-by-products.ts';
import { EAGER, type EngineSetting, EngineWork, type Runnable, SETTINGS } from './engine-work.ts';
import { prepareGeneration } from './generation.ts';
import { prepareOp } from './op.ts';
import { prepareStep } from './step.ts';

/** Our engine on a device, eager and captured. */
export class Engine implements Contender {
  readonly name = 'webgpu';
  readonly #gpu: Gpu;

  /** The caller owns the device. */
  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  settingsFor(work: Work): readonly string[] | { readonly reason: string } {
    if (work.kind === 'ceiling') return { reason: 'a ceiling is no work of the engine' };
    // A model that writes is not captured, and a checkpoint is the same whatever makes the steps.
    const isEager = work.kind === 'generation' || (work.kind === 'step' && work.timed);
    return isEager ? [EAGER] : SETTINGS;
  }

  variantsFor(work: Work): readonly string[] {
    const op = work.kind === 'op' ? launchers.get(work.op) : undefined;
    if (work.kind !== 'op' || !op) return [];
    const chosen = chooseVariant(this.#gpu, op, drawnCall(work).inputs);
    const others = runnableVariants(this.#gpu, op).filter((variant) => variant !== chosen);
    const ways = op === scaledDotProductAttention ? [...others, BY_PRODUCTS] : others;
    return ways.map((way) => VARIANT + way);
  }

  async prepare(work: Work, setting: string): Promise<PreparedWork> {
    if (work.kind === 'ceiling') throw new TypeError(`${work.id} is a ceiling`);
    if (work.kind === 'op' && setting.startsWith(VARIANT)) {
      const call = { ...drawnCall(work), variant: setting.slice(VARIANT.length) };
      return new EngineWork(this.#gpu, EAGER, await prepareOp(this.#gpu, call, EAGER));
    }
    const way = setting as EngineSetting;
    return new EngineWork(this.#gpu, way, await this.#runnable(work, way));
  }

  async #runnable(work: Exclude<Work, CeilingWork>, way: EngineSetting): Promise<Runnable> {
    switch (work.kind) {
      case 'op':
        return await prepareOp(this.#gpu, drawnCall(work), way);
      case 'step':
        return await prepareStep(this.#gpu, work, way);
      case 'generation':
        return prepareGeneration(this.#gpu, work);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
