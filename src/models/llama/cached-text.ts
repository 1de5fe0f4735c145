import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { seam } from '../../seam.ts';
import { type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { LlamaConfig } from './config.ts';
import type { KeyValueCache } from './key-value-cache.ts';
import { ownTurnsOf } from './rotary.ts';
import type { TextContext, Turns } from './text-context.ts';
import { windowOf } from './window-mask.ts';

/** The position of the first of the tokens that are read behind so many. */
const firstPosition = seam('nn.llama.cachedPosition', (length: number): number => length);

/** Tokens of a text when so many more of it are read. */
const reachOf = seam(
  'nn.llama.cachedReach',
  ({ length }: KeyValueCache, tokens: number): number => length + tokens,
);

/**
 * Tokens that a model reads next, behind those of a cache: their positions, and what they see of all
 * tokens up to them. What it holds is written to the device when it is made, so that reading the
 * tokens is one submit.
 */
export class CachedText implements Disposable, TextContext {
  readonly cache: KeyValueCache;
  readonly positions: Tensor;
  readonly reach: number;
  readonly turns: Turns | undefined;
  /** The place of the last token among these, i32 [1]; undefined of a single one. */
  readonly last: Tensor | undefined;
  readonly causal: boolean;
  readonly #layers: readonly number[];
  /** Of layers with a window, and of others: u8 [tokens, all tokens], 1 where a key is seen. */
  readonly #masks: Readonly<Record<'window' | 'whole', Tensor | undefined>>;
  readonly #owned: Scope;

  /** Throws GradproofError `cache-full` where the cache has no room for `tokens` more. */
  constructor(gpu: Gpu, config: LlamaConfig, cache: KeyValueCache, tokens: number) {
    const before = cache.length;
    const all = before + tokens;
    if (all > cache.capacity)
      throw new GradproofError(
        'cache-full',
        `${tokens} tokens after ${before} have no room in a cache for ${cache.capacity}: make it for ${all}`,
      );
    using owned = new Scope();
    const onDevice = (host: HostTensor) => owned.add(Tensor.from(gpu, host));
    const upload = (dtype: 'i32' | 'u8', shape: readonly number[], data: ArrayLike<number>) =>
      onDevice(hostTensorFrom(dtype, shape, data));
    const first = firstPosition(before);
    const window = windowOf(config);
    const isPast = before > 0 && tokens > 1;
    const maskOf = (reach: number) => upload('u8', [tokens, all], seenBy(before, tokens, reach));
    this.cache = cache;
    this.positions = upload('i32', [1, tokens], countedFrom(first, tokens));
    this.reach = reachOf(cache, tokens);
    this.turns = ownTurnsOf(config, { first, tokens, reach: this.reach }, onDevice);
    this.last = tokens > 1 ? upload('i32', [1], [tokens - 1]) : undefined;
    this.causal = before === 0;
    this.#layers = window?.layers ?? [];
    this.#masks = {
      window: window && all > window.tokens ? maskOf(window.tokens) : undefined,
      whole: isPast ? maskOf(all) : undefined,
    };
    this.#owned = owned.move();
  }

  maskOf(layer: number): Tensor | undefined {
    const { window, whole } = this.#masks;
    return this.#layers.includes(layer) ? (window ?? whole) : whole;
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}

const countedFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => first + i);

/** By token, that comes after `before` others, what it sees: itself and the `reach` - 1 before it. */
function seenBy(before: number, tokens: number, reach: number): Uint8Array {
  const all = before + tokens;
  return Uint8Array.from({ length: tokens * all }, (_, i) => {
    const own = before + Math.floor(i / all);
    const behind = own - (i % all);
    return Number(behind >= 0 && behind < reach);
  });
}
