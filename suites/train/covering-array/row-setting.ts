import type { Examples } from '../../../src/data/examples.ts';
import { constantsOf, llamaGraph } from '../../../src/reference/llama/model.ts';
import type { Random } from '../../../src/tensor/random.ts';
import type { Shape } from '../../../src/tensor/shape.ts';
import { assembled } from '../whole-step/four-bit.ts';
import {
  ADAPTED,
  adapterOf,
  CONFIG,
  drawPart,
  type LlamaVariant,
  llamaSetting,
  TEXTS,
} from '../whole-step/llama-settings.ts';
import { type Setting, STEPS } from '../whole-step/setting.ts';
import type { Row } from './options.ts';
import { recipeOf } from './recipes.ts';

/**
 * Makes gradients so large that those of a raised scale overflow: by small embeddings, or by a large
 * last norm where the embeddings are the head too.
 */
const LARGE = { untied: { embeddings: 0.05 }, tied: { lastNorm: 64 } } as const;
const OVERFLOWS = 2;

/** How products are stored. */
export const PRODUCTS = { off: 'f32', float16: 'f16', bfloat16: 'bf16' } as const;

/** The Llama of a row. */
export function variantOf(row: Row): LlamaVariant {
  const { scaling, dropout, checkpointing, trained, head } = row;
  return {
    config: {
      ...CONFIG,
      dropout,
      checkpointing: checkpointing === 'on',
      tie_word_embeddings: head === 'tied',
    },
    ...(trained === 'full' ? {} : { adapted: ADAPTED }),
    fourBit: trained === 'qlora',
    dora: trained === 'dora',
    ...(scaling === 'overflow' ? LARGE[head] : {}),
  };
}

/** The training of a row as the replica is told of it. */
export function rowSetting(row: Row): Setting {
  const { autocast, dropout: p, scaling } = row;
  const variant = variantOf(row);
  const { config, adapted = {} } = variant;
  const adapter = adapterOf(variant);
  return {
    ...llamaSetting(variant),
    network: (weights, seed) => {
      const shaped = (batch: Shape) => {
        const model = {
          config,
          adapter,
          weights: assembled(weights, adapted),
          batch,
          autocast: autocast === 'off' ? undefined : autocast,
          dropout: p > 0 ? { p, seed } : undefined,
        };
        return { graph: llamaGraph(model), constants: constantsOf(model) };
      };
      const first = shaped([TEXTS, CONFIG.length]);
      return { ...first, shift: true, shapedAs: ({ ids }) => shaped(ids?.shape ?? []) };
    },
    recipe: recipeOf(row),
    draw: (step, random) => drawStep(row, step, random),
    products: PRODUCTS[autocast],
    ...(scaling === 'overflow' ? { overflows: OVERFLOWS } : {}),
  };
}

/** Micro-batches with unlike numbers of labels; the last of all may have one text less. */
function drawStep({ accumulation, last }: Row, step: number, random: Random): readonly Examples[] {
  return Array.from({ length: accumulation }, (_, part) => {
    const isLast = step === STEPS && part === accumulation - 1;
    const texts = isLast && last === 'smaller' ? TEXTS - 1 : TEXTS;
    return drawPart([texts, CONFIG.length], 3 + ((step + part) % 3), random);
  });
}
