import type { Tensor } from '../../tensor/tensor.ts';
import type { KeyValueCache } from './key-value-cache.ts';

/** Cosines and sines f32 [S, D / 2] of so many positions. */
export interface Turns {
  readonly cos: Tensor;
  readonly sin: Tensor;
}

/** What attention is told of a text beside its tokens. */
export interface TextContext {
  /** Positions of its tokens, i32 [B, S]. Default 0, 1, ... of each row. */
  readonly positions?: Tensor | undefined;
  /**
   * Tokens of the text up to its last, those before them too: where frequencies depend on the length
   * of a text, these tokens turn as in one of that length, and keys that were read keep theirs.
   */
  readonly reach: number;
  /** Of its tokens, where their frequencies are of no other length. */
  readonly turns?: Turns | undefined;
  /** Whether token i sees tokens 0 to i alone. */
  readonly causal: boolean;
  /** What the tokens of a layer see of that, u8 that broadcasts to [B, H, Q, K]. */
  readonly maskOf: (layer: number) => Tensor | undefined;
  /** Keys and values of the tokens before; those of these tokens join them. */
  readonly cache?: KeyValueCache | undefined;
}
