import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { seam } from '../../seam.ts';
import { bytesPerElement } from '../../tensor/dtype.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { headDimOf, type LlamaConfig } from './config.ts';

/** Keys [1, S, KV * D] of the tokens of a layer, and values likewise. */
interface KeysAndValues {
  readonly k: Tensor;
  readonly v: Tensor;
}

type Sizes = Pick<LlamaConfig, 'hidden' | 'heads' | 'head_dim' | 'kv_heads' | 'layers' | 'length'>;

/** Bytes of the keys of a token in a layer, and of its values. */
const bytesOfToken = (sizes: Sizes): number =>
  sizes.kv_heads * headDimOf(sizes) * bytesPerElement('f32');

/** Bytes of device memory that a cache for so many tokens takes: 2 * layers * tokens * KV * D floats. */
export const cacheBytes = (sizes: Sizes, tokens: number): number =>
  2 * sizes.layers * tokens * bytesOfToken(sizes);

/** Where the keys of a token lie that is read behind so many. */
const placeOf = seam('nn.llama.cachePlace', (length: number): number => length);

/**
 * Keys, rotated to their positions, and values of the tokens of one text, by layer: f32 [capacity,
 * KV * D], written in place as tokens are read. The heads of a token lie side by side, so that the
 * tokens that are there are one piece of memory, which attention reads without a copy.
 */
export class KeyValueCache implements Disposable {
  /** Tokens that there is room for. */
  readonly capacity: number;
  readonly #layers: readonly KeysAndValues[];
  readonly #owned: Scope;
  #length = 0;

  /**
   * Throws GradproofError `cache-too-large` for more tokens than the model was made for, or than a
   * kernel of the adapter can reach; OutOfMemoryError where memory has no room.
   */
  constructor(gpu: Gpu, sizes: Sizes, capacity: number) {
    checkCapacity(gpu, sizes, capacity);
    using owned = new Scope();
    this.capacity = capacity;
    const width = sizes.kv_heads * headDimOf(sizes);
    const rows = () => owned.add(Tensor.empty(gpu, 'f32', [capacity, width]));
    this.#layers = Array.from({ length: sizes.layers }, () => ({ k: rows(), v: rows() }));
    this.#owned = owned.move();
  }

  /** Tokens that are there. */
  get length(): number {
    return this.#length;
  }

  /** Writes keys and values [1, S, KV * D] of a layer behind those that are there, and gives all. */
  append(layer: number, { k, v }: KeysAndValues): KeysAndValues {
    const whole = this.#layers[layer] as KeysAndValues;
    return { k: this.#joined(whole.k, k), v: this.#joined(whole.v, v) };
  }

  /** Counts tokens whose keys and values all layers have. */
  advance(tokens: number): void {
    this.#length += tokens;
  }

  #joined(whole: Tensor, rows: Tensor): Tensor {
    const [, tokens, width] = rows.shape as [number, number, number];
    const offset = placeOf(this.#length) * width * bytesPerElement('f32');
    whole.view(rows.shape, { offset }).copyFrom(rows);
    return whole.view([1, this.#length + tokens, width]);
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}

function checkCapacity({ limits }: Pick<Gpu, 'limits'>, sizes: Sizes, capacity: number): void {
  const reached = Math.floor(
    (limits['maxStorageBufferBindingSize'] as number) / bytesOfToken(sizes),
  );
  if (capacity > sizes.length)
    throw new GradproofError(
      'cache-too-large',
      `a text of ${capacity} tokens is longer than the ${sizes.length} that the model was made for: ask for fewer, or make the model for ${capacity}`,
    );
  if (capacity > reached)
    throw new GradproofError(
      'cache-too-large',
      `the keys of ${capacity} tokens take ${capacity * bytesOfToken(sizes)} bytes a layer, and kernels of this adapter reach those of ${reached} tokens: ask for fewer`,
    );
}
