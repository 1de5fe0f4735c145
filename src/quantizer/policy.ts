import { seam } from '../seam.ts';
import { QuantizerError } from './quantizer-error.ts';
import type { SchemeOptions } from './registry.ts';

const COMPUTE_DTYPES = ['float32', 'float16', 'bfloat16'] as const;

/** The type that a quantized linear multiplies in, by torch's names; x is cast to it and y back. */
export type ComputeDtype = (typeof COMPUTE_DTYPES)[number];

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
  /** What becomes of layers that no rule names. Default `quantize`, as the quantizer says. */
  readonly rest?: 'quantize' | 'keep';
  /**
   * Whether batch normalizations become part of the convolutions before them first, for evaluation
   * alone. Default false: they stay.
   */
  readonly foldBatchNorms?: boolean;
}

/** All that {@link LayerOptions} may have. */
const OPTIONS: Readonly<Record<keyof LayerOptions, true>> = {
  method: true,
  bits: true,
  groupSize: true,
  axis: true,
  activations: true,
  outputs: true,
  quantZero: true,
  quantScale: true,
  threshold: true,
  computeDtype: true,
};

/**
 * Throws {@link QuantizerError} `quant-method` for options that are none, or of another name, or a
 * type to compute in that is not known.
 */
export function requireOptions(options: LayerOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new QuantizerError(
      'quant-method',
      `${String(options)} says not how to quantize: give { method: 'nf4' }, or another method`,
    );
  const unknown = Object.keys(options).find((key) => !Object.hasOwn(OPTIONS, key));
  if (unknown !== undefined)
    throw new QuantizerError(
      'quant-method',
      `no option is named ${unknown}: give ${Object.keys(OPTIONS).join(', ')}`,
    );
  const { computeDtype = 'float32' } = options;
  if (!COMPUTE_DTYPES.includes(computeDtype))
    throw new QuantizerError(
      'quant-method',
      `computeDtype ${computeDtype}: give ${COMPUTE_DTYPES.join(' or ')}`,
    );
}

/** Throws {@link QuantizerError} `quant-method` for what is to become of layers in no known way. */
function requireKnown({ rules = [], rest = 'quantize' }: Policy): void {
  if (!['quantize', 'keep'].includes(rest))
    throw new QuantizerError('quant-method', `rest ${rest}: give quantize or keep`);
  for (const { layers, to } of rules) {
    if (to !== 'keep' && (typeof to !== 'object' || to === null))
      throw new QuantizerError(
        'quant-method',
        `to ${String(to)} of the layers ${layers}: give keep, or { method } with its options`,
      );
  }
}

/**
 * Layers that are quantized, with how, in their order. Throws {@link QuantizerError}
 * `policy-unmatched` for a rule whose pattern meets none of the layers, `quant-method` for what is to
 * become of them in no known way.
 */
export function plannedLayers(
  layers: readonly string[],
  policy: Policy,
  usual: LayerOptions,
): ReadonlyMap<string, LayerOptions> {
  requireKnown(policy);
  const { rules = [], rest } = policy;
  for (const { layers: pattern } of rules) {
    if (!layers.some((layer) => matches(pattern, layer)))
      throw new QuantizerError(
        'policy-unmatched',
        `the pattern ${pattern} meets no layer: there are ${layers.join(', ')}`,
      );
  }
  const decided = layers.map((layer) => {
    const rule = rules.find((each) => matches(each.layers, layer));
    return [layer, rule?.to ?? (rest === 'keep' ? rest : usual)] as const;
  });
  return new Map(decided.flatMap(([layer, to]) => (to === 'keep' ? [] : [[layer, to]])));
}

/** Whether a pattern names a layer. */
const matches = seam('quantizer.matches', (pattern: string | RegExp, layer: string): boolean => {
  if (pattern instanceof RegExp) return layer.search(pattern) >= 0;
  const literal = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`).test(layer);
});
