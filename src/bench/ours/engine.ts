import type { Gpu } from '../../gpu/gpu.ts';
import { thisTool } from '../../report/tool.ts';
import type { Contender, PreparedWork } from '../contender.ts';
import { drawnCall } from '../drawn.ts';
import type { Work } from '../work.ts';
import { type EngineSetting, EngineWork, SETTINGS } from './engine-work.ts';
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

  get version(): string {
    return thisTool().version;
  }

  settingsFor(work: Work): readonly string[] | { readonly reason: string } {
    if (work.kind === 'ceiling') return { reason: 'a ceiling is no work of the engine' };
    // A checkpoint is the same whatever makes the steps.
    return work.kind === 'step' && work.timed ? ['eager'] : SETTINGS;
  }

  async prepare(work: Work, setting: string): Promise<PreparedWork> {
    if (work.kind === 'ceiling') throw new TypeError(`${work.id} is a ceiling`);
    const way = setting as EngineSetting;
    const runnable =
      work.kind === 'op'
        ? await prepareOp(this.#gpu, drawnCall(work), way)
        : await prepareStep(this.#gpu, work, way);
    return new EngineWork(this.#gpu, way, runnable);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
