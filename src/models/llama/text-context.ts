import type { Tensor } from '../../tensor/tensor.ts';
import type { KeyValueCache } from './key-value-cache.ts';

/** What attention is told of a text beside its tokens. */
export interface TextContext {
  /** Positions of its tokens, i32 [B, S]. Default 0, 1, ... of each row. */
  readonly positions?: Tensor | undefined;
  /** Tokens that the text may grow to: dynamic frequencies are those of a text of that length. */
  readonly reach: number;
  /** Whether token i sees tokens 0 to i alone. */
  readonly causal: boolean;
  /** What the tokens of a layer see of that, u8 that broadcasts to [B, H, Q, K]. */
  readonly maskOf: (layer: number) => Tensor | undefined;
  /** Keys and values of the tokens before; those of these tokens join them. */
  readonly cache?: KeyValueCache | undefined;
}
