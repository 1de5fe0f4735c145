/**
 * How the frequencies of rotary positions are changed for texts that are longer than those that a
 * model was trained on, in the words of transformers' `rope_parameters`; its factors are resolved.
 */
export type RopeScaling =
  | { readonly rope_type: 'linear'; readonly factor: number }
  | {
      readonly rope_type: 'dynamic';
      readonly factor: number;
      /** Texts up to this length change nothing. */
      readonly max_position_embeddings: number;
    }
  | {
      readonly rope_type: 'llama3';
      readonly factor: number;
      readonly low_freq_factor: number;
      readonly high_freq_factor: number;
      readonly original_max_position_embeddings: number;
    }
  | {
      readonly rope_type: 'yarn';
      readonly factor: number;
      /** Cosines and sines are multiplied by it. */
      readonly attention_factor: number;
      readonly beta_fast: number;
      readonly beta_slow: number;
      /** Whether the ends of the ramp are whole numbers of pairs. */
      readonly truncate: boolean;
      readonly original_max_position_embeddings: number;
    }
  | {
      readonly rope_type: 'longrope';
      /** Cosines and sines are multiplied by it. */
      readonly attention_factor: number;
      /** What each pair's frequency is divided by, in texts within the original context. */
      readonly short_factor: readonly number[];
      /** The same in longer ones. */
      readonly long_factor: readonly number[];
      readonly original_max_position_embeddings: number;
    };

/** Up to which length texts turn as short ones do, where longer ones turn otherwise. */
export function shortContextOf(scaling: RopeScaling | undefined): number | undefined {
  if (scaling?.rope_type === 'dynamic') return scaling.max_position_embeddings;
  return scaling?.rope_type === 'longrope' ? scaling.original_max_position_embeddings : undefined;
}

/** A window of attention: in these layers a query sees the last `tokens` positions, its own too. */
export interface SlidingWindow {
  readonly tokens: number;
  /** Layers, counted from 0. */
  readonly layers: readonly number[];
}
