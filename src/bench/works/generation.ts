import { drawStep } from '../steps/draw.ts';
import { parameterBytes, passFlops } from '../steps/shapes.ts';
import type { GenerationWork, LlamaStep } from '../work.ts';
import { WIDE } from './steps.ts';

const STEP: LlamaStep = { ...WIDE, base: 'nf4', tokens: 128 };

/** What a model reads to write: a prompt, and each token behind it. */
function generation(part: GenerationWork['part'], read: number): GenerationWork {
  const { tokens, width } = STEP;
  return {
    kind: 'generation',
    id: `bench.llama-generation:nf4;part=${part};tokens=${tokens};width=${width}`,
    group: 'generation',
    quick: false,
    isOurs: true,
    step: STEP,
    part,
    tokens: read,
    flops: passFlops(STEP, read),
    bytes: { read: parameterBytes(STEP), written: 0 },
    draw: (random) => drawStep(random, STEP),
  };
}

/** A Llama over codes with its adapters, which writes with a cache of keys and values. */
export const works: readonly GenerationWork[] = [
  generation('prompt', STEP.tokens),
  generation('token', 1),
];
