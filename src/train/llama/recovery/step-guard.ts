import type { FlatLayout } from '../../../autograd/flat-parameters.ts';
import type { Segments } from '../../../autograd/segments.ts';
import { DeviceLostError, type Gpu } from '../../../gpu/gpu.ts';
import { gpuErrorOf } from '../../../gpu/gpu-error.ts';
import { seam } from '../../../seam.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { elementAt, firstNonFinite, type NonFiniteGradient } from '../../gradient-health.ts';
import { firstOfRanks } from '../../sharded/gather-numbers.ts';
import type { ShardedUpdate } from '../../sharded/sharded-update.ts';

/** Gradients of a step that are not finite, and the loss scale that they had, if any. */
export interface FoundNonFinite extends NonFiniteGradient {
  readonly lossScale?: number;
}

/** The gradients of a step. A seam, so that a test can spoil one. */
const gathered = seam('train.llama.gradients', (gradients: Segments): Segments => gradients);

/** In the order in which they are pushed: out of memory comes first where both are there. */
const FILTERS = ['internal', 'validation', 'out-of-memory'] as const;

/**
 * Stands before the update of each step: what the device refused of its passes is thrown, and an
 * update by gradients that are not finite is left out, so that parameters and state stay those of
 * the step before. Under loss scaling the device leaves it out by itself, and scales back.
 */
export class StepGuard {
  readonly #gpu: Gpu;
  readonly #layout: FlatLayout;
  #found: FoundNonFinite | undefined;
  #isScoped = false;
  /** The factor of the loss, f32 [1], where it is scaled. */
  lossScale: Tensor | undefined;
  #whenLost: (error: DeviceLostError) => void = () => {};
  /** Ranks that have a part of the gradients each. */
  shared: Pick<ShardedUpdate, 'group' | 'part'> | undefined;

  constructor(gpu: Gpu, layout: FlatLayout) {
    this.#gpu = gpu;
    this.#layout = layout;
    void gpu.device.lost.then((info) => this.#whenLost(new DeviceLostError(info)));
  }

  /**
   * Makes a step, with what was found in its gradients. Throws what the device found wrong before
   * the update, out of memory first, and what `make` throws.
   */
  async around<T>(
    make: () => Promise<T>,
  ): Promise<{ readonly made: T; readonly found: FoundNonFinite | undefined }> {
    this.#found = undefined;
    for (const filter of FILTERS) this.#gpu.device.pushErrorScope(filter);
    this.#isScoped = true;
    try {
      const made = await make();
      await this.#requireNoError();
      return { made, found: this.#found };
    } catch (error) {
      // What a refused allocation leads to is thrown first, and is not the cause.
      await this.#requireNoError();
      throw error;
    }
  }

  /** Whether the update by these gradients is made. */
  readonly accept = async (gradients: Segments): Promise<boolean> => {
    const own = await firstNonFinite(gathered(gradients));
    await this.#requireNoError();
    const found = this.shared ? await firstOfRanks(this.shared, own) : own;
    this.#found = found && elementAt(found, this.#layout);
    if (!this.#found) return true;
    if (this.lossScale) {
      const lossScale = (await this.lossScale.read()).data[0] as number;
      this.#found = { ...this.#found, lossScale };
    }
    return false;
  };

  async #requireNoError(): Promise<void> {
    if (!this.#isScoped) return;
    this.#isScoped = false;
    const error = (await this.#poppedErrors()).find((each) => each !== null);
    if (error) throw gpuErrorOf(error);
  }

  /** Throws {@link DeviceLostError}: of a device that is lost scopes may never be told. */
  #poppedErrors(): Promise<readonly (GPUError | null)[]> {
    const { device, lost } = this.#gpu;
    if (lost) throw new DeviceLostError(lost);
    const popped = Promise.all(FILTERS.map(() => device.popErrorScope()));
    return new Promise((resolve, reject) => {
      this.#whenLost = reject;
      popped.then(resolve, reject);
    });
  }
}
