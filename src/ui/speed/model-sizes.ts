/** The numbers of a decoder-only language model that memory and work follow from. */
export interface Architecture {
  /** As people call its size. */
  readonly size: string;
  /** A published model with these numbers. */
  readonly example: string;
  readonly layers: number;
  readonly hidden: number;
  readonly intermediate: number;
  /** Width of all queries, and of all keys (the values have the same). */
  readonly queries: number;
  readonly keys: number;
  readonly vocabulary: number;
  /** Whether the output uses the embedding table. */
  readonly tied: boolean;
}

/** Common sizes, each with the published configuration of one model. */
export const ARCHITECTURES: readonly Architecture[] = [
  {
    size: '0.5B',
    example: 'Qwen2.5-0.5B',
    layers: 24,
    hidden: 896,
    intermediate: 4864,
    queries: 896,
    keys: 128,
    vocabulary: 151_936,
    tied: true,
  },
  {
    size: '1B',
    example: 'Llama-3.2-1B',
    layers: 16,
    hidden: 2048,
    intermediate: 8192,
    queries: 2048,
    keys: 512,
    vocabulary: 128_256,
    tied: true,
  },
  {
    size: '3B',
    example: 'Llama-3.2-3B',
    layers: 28,
    hidden: 3072,
    intermediate: 8192,
    queries: 3072,
    keys: 1024,
    vocabulary: 128_256,
    tied: true,
  },
  {
    size: '8B',
    example: 'Llama-3.1-8B',
    layers: 32,
    hidden: 4096,
    intermediate: 14_336,
    queries: 4096,
    keys: 1024,
    vocabulary: 128_256,
    tied: false,
  },
  {
    size: '14B',
    example: 'Qwen2.5-14B',
    layers: 48,
    hidden: 5120,
    intermediate: 13_824,
    queries: 5120,
    keys: 1024,
    vocabulary: 152_064,
    tied: false,
  },
  {
    size: '32B',
    example: 'Qwen2.5-32B',
    layers: 64,
    hidden: 5120,
    intermediate: 27_648,
    queries: 5120,
    keys: 1024,
    vocabulary: 152_064,
    tied: false,
  },
];
