import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { seam } from '../../seam.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { LlamaConfig } from './config.ts';

/** The window of a model, if it has one. */
export const windowOf = seam(
  'nn.llama.windowOf',
  ({ sliding_window }: LlamaConfig) => sliding_window,
);

/** What the layers of a sliding window see. */
export class WindowMask implements Disposable {
  readonly #config: LlamaConfig;
  /** u8 [length, length], 1 where a query sees a key: a text may be longer than the window. */
  readonly #mask: Tensor | undefined;

  constructor(gpu: Gpu, config: LlamaConfig) {
    this.#config = config;
    const { length } = config;
    const window = windowOf(config);
    if (!window || window.layers.length === 0 || length <= window.tokens) return;
    const seen = Uint8Array.from({ length: length * length }, (_, i) =>
      Number((i % length) + window.tokens > Math.floor(i / length)),
    );
    this.#mask = Tensor.from(gpu, hostTensorFrom('u8', [length, length], seen));
  }

  /**
   * The mask of a layer for texts of `tokens`, beside the causal one; undefined where that hides
   * all that the window would. Throws GradproofError `bad-length` for texts that are longer than
   * the window and shorter than the model's length.
   */
  of(layer: number, tokens: number): Tensor | undefined {
    const { length } = this.#config;
    const window = windowOf(this.#config);
    if (!window?.layers.includes(layer) || tokens <= window.tokens) return undefined;
    if (tokens !== length)
      throw new GradproofError(
        'bad-length',
        `a text of ${tokens} tokens is longer than the window of ${window.tokens}, for which it must have the ${length} that the model was made for: fill it up, or make the model for ${tokens}`,
      );
    return this.#mask;
  }

  [Symbol.dispose](): void {
    this.#mask?.[Symbol.dispose]();
  }
}
