import { seam } from '../seam.ts';
import { isHead } from './kept-layers.ts';
import { QuantizerError } from './quantizer-error.ts';
import type { SchemeOptions } from './registry.ts';

/** The type that a quantized linear multiplies in, by torch's names; x is cast to it and y back. */
export type ComputeDtype = 'float32' | 'float16' | 'bfloat16';

/** How a layer is quantized. */
export interface LayerOptions extends SchemeOptions {
  /** Default float32. */
  readonly computeDtype?: ComputeDtype | undefined;
}

/** What becomes of some layers. */
export interface Rule {
  /** A layer's name, in which `*` stands for anything, or an expression that finds names. */
  readonly layers: string | RegExp;
  readonly to: LayerOptions | 'keep';
}

/** What becomes of each layer: the first rule that names it decides. */
export interface Policy {
  readonly rules?: readonly Rule[];
  /**
   * What becomes of layers that no rule names. Default `quantize`, as the quantizer says, but for a
   * model's head, which stays.
   */
  readonly rest?: 'quantize' | 'keep';
  /**
   * Whether batch normalizations become part of the convolutions before them first, for evaluation
   * alone. Default false: they stay.
   */
  readonly foldBatchNorms?: boolean;
}

/**
 * Layers that are quantized, with how, in their order. Throws {@link QuantizerError}
 * `policy-unmatched` for a rule whose pattern meets none of the layers.
 */
export function plannedLayers(
  layers: readonly string[],
  { rules = [], rest = 'quantize' }: Policy,
  usual: LayerOptions,
): ReadonlyMap<string, LayerOptions> {
  for (const { layers: pattern } of rules) {
    if (!layers.some((layer) => matches(pattern, layer)))
      throw new QuantizerError(
        'policy-unmatched',
        `the pattern ${pattern} meets no layer: there are ${layers.join(', ')}`,
      );
  }
  const decided = layers.map((layer) => {
    const rule = rules.find((each) => matches(each.layers, layer));
    return [layer, rule?.to ?? (rest === 'keep' || isHead(layer) ? 'keep' : usual)] as const;
  });
  return new Map(decided.flatMap(([layer, to]) => (to === 'keep' ? [] : [[layer, to]])));
}

/** Whether a pattern names a layer. */
const matches = seam('quantizer.matches', (pattern: string | RegExp, layer: string): boolean => {
  if (pattern instanceof RegExp) return layer.search(pattern) >= 0;
  const literal = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`).test(layer);
});
