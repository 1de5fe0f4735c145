/** Elements of a row that are one block, and its bytes. */
interface BlockType {
  readonly elements: number;
  readonly bytes: number;
  /** Bytes before each of its scales, which are float16. */
  readonly scales: readonly number[];
}

/** Block formats of GGUF files, by the names of ggml's types. */
export const GGUF_TYPES = {
  q4_0: { elements: 32, bytes: 18, scales: [0] },
  q5_0: { elements: 32, bytes: 22, scales: [0] },
  q8_0: { elements: 32, bytes: 34, scales: [0] },
  q4_k: { elements: 256, bytes: 144, scales: [0, 2] },
  q5_k: { elements: 256, bytes: 176, scales: [0, 2] },
  q6_k: { elements: 256, bytes: 210, scales: [208] },
} as const satisfies Readonly<Record<string, BlockType>>;

export type GgufType = keyof typeof GGUF_TYPES;

/** Names of all block formats. */
export const GGUF_TYPE_NAMES = Object.keys(GGUF_TYPES) as readonly GgufType[];

/** Those that weights can be quantized to; of the others blocks are read alone. */
export const GGUF_QUANTIZERS = ['q4_0', 'q8_0'] as const satisfies readonly GgufType[];

/** Whether something is the name of a block format. */
export const isGgufType = (name: unknown): name is GgufType =>
  GGUF_TYPE_NAMES.some((known) => known === name);
