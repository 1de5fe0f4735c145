import type { Architecture } from '../formats/hugging-face/architecture.ts';

/** A published model. */
export interface Preset {
  readonly name: string;
  /** As people call its size. */
  readonly size: string;
  readonly architecture: Architecture;
}

const LLAMA_3 = { family: 'llama', vocabulary: 128_256, context: 131_072 } as const;
const QWEN_3 = { family: 'qwen3', vocabulary: 151_936, context: 40_960, headDim: 128 } as const;

/** Well-known models from half a billion parameters to seventy, by their published numbers. */
export const PRESETS: readonly Preset[] = [
  {
    name: 'Qwen2.5-0.5B',
    size: '0.5B',
    architecture: {
      ...{ family: 'qwen2', vocabulary: 151_936, context: 32_768, tied: true },
      ...{ layers: 24, hidden: 896, heads: 14, kvHeads: 2, headDim: 64, intermediate: 4864 },
    },
  },
  {
    name: 'Qwen3-0.6B',
    size: '0.6B',
    architecture: {
      ...{ ...QWEN_3, tied: true },
      ...{ layers: 28, hidden: 1024, heads: 16, kvHeads: 8, intermediate: 3072 },
    },
  },
  {
    name: 'TinyLlama-1.1B',
    size: '1.1B',
    architecture: {
      ...{ family: 'llama', vocabulary: 32_000, context: 2048, tied: false },
      ...{ layers: 22, hidden: 2048, heads: 32, kvHeads: 4, headDim: 64, intermediate: 5632 },
    },
  },
  {
    name: 'Llama-3.2-1B',
    size: '1B',
    architecture: {
      ...{ ...LLAMA_3, tied: true },
      ...{ layers: 16, hidden: 2048, heads: 32, kvHeads: 8, headDim: 64, intermediate: 8192 },
    },
  },
  {
    name: 'Qwen3-1.7B',
    size: '1.7B',
    architecture: {
      ...{ ...QWEN_3, tied: true },
      ...{ layers: 28, hidden: 2048, heads: 16, kvHeads: 8, intermediate: 6144 },
    },
  },
  {
    name: 'Llama-3.2-3B',
    size: '3B',
    architecture: {
      ...{ ...LLAMA_3, tied: true },
      ...{ layers: 28, hidden: 3072, heads: 24, kvHeads: 8, headDim: 128, intermediate: 8192 },
    },
  },
  {
    name: 'Qwen3-4B',
    size: '4B',
    architecture: {
      ...{ ...QWEN_3, tied: true },
      ...{ layers: 36, hidden: 2560, heads: 32, kvHeads: 8, intermediate: 9728 },
    },
  },
  {
    name: 'Mistral-7B-v0.3',
    size: '7B',
    architecture: {
      ...{ family: 'mistral', vocabulary: 32_768, context: 32_768, tied: false },
      ...{ layers: 32, hidden: 4096, heads: 32, kvHeads: 8, headDim: 128, intermediate: 14_336 },
    },
  },
  {
    name: 'Llama-3.1-8B',
    size: '8B',
    architecture: {
      ...{ ...LLAMA_3, tied: false },
      ...{ layers: 32, hidden: 4096, heads: 32, kvHeads: 8, headDim: 128, intermediate: 14_336 },
    },
  },
  {
    name: 'Qwen3-14B',
    size: '14B',
    architecture: {
      ...{ ...QWEN_3, tied: false },
      ...{ layers: 40, hidden: 5120, heads: 40, kvHeads: 8, intermediate: 17_408 },
    },
  },
  {
    name: 'Mistral-Small-24B',
    size: '24B',
    architecture: {
      ...{ family: 'mistral', vocabulary: 131_072, context: 32_768, tied: false },
      ...{ layers: 40, hidden: 5120, heads: 32, kvHeads: 8, headDim: 128, intermediate: 32_768 },
    },
  },
  {
    name: 'Qwen3-32B',
    size: '32B',
    architecture: {
      ...{ ...QWEN_3, tied: false },
      ...{ layers: 64, hidden: 5120, heads: 64, kvHeads: 8, intermediate: 25_600 },
    },
  },
  {
    name: 'Llama-3.1-70B',
    size: '70B',
    architecture: {
      ...{ ...LLAMA_3, tied: false },
      ...{ layers: 80, hidden: 8192, heads: 64, kvHeads: 8, headDim: 128, intermediate: 28_672 },
    },
  },
];
