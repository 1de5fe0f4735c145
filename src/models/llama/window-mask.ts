import type { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { documentMask } from '../../ops/attention/document_mask.ts';
import { seam } from '../../seam.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { LlamaConfig } from './config.ts';

/** The window of a model, if it has one. */
export const windowOf = seam(
  'nn.llama.windowOf',
  ({ sliding_window }: LlamaConfig) => sliding_window,
);

/** What the layers of a sliding window see of texts that are longer than it. */
export class WindowMask implements Disposable {
  readonly #config: LlamaConfig;
  /** The longest text as one document, i32 [1, length]: the start of it is one too. */
  readonly #document: Tensor | undefined;

  constructor(gpu: Gpu, config: LlamaConfig) {
    this.#config = config;
    const { length } = config;
    if (windowOf(config)) this.#document = Tensor.zeros(gpu, [1, length], 'i32');
  }

  /**
   * By layer its mask for texts of `tokens`, beside the causal one: undefined where that hides all
   * that the window would. It is computed on the device, so that a step of any length writes nothing
   * to it and is captured with its own; the tape owns it.
   */
  of(tape: Tape, tokens: number): (layer: number) => Tensor | undefined {
    const window = windowOf(this.#config);
    if (!this.#document || !window || tokens <= window.tokens) return () => undefined;
    const documents = this.#document.view([1, tokens]);
    const { mask } = tape.apply(documentMask, { documents }, { window: window.tokens }, 'window');
    return (layer) => (window.layers.includes(layer) ? mask : undefined);
  }

  [Symbol.dispose](): void {
    this.#document?.[Symbol.dispose]();
  }
}
