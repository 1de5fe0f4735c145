import type { GgufType } from '../../quant/gguf/types.ts';

/** Types that a plausible bug takes for others: eight of their blocks are as long as one of those. */
export const SMALLER_TYPE: { readonly [Type in GgufType]?: GgufType } = {
  q4_k: 'q4_0',
  q5_k: 'q5_0',
};
