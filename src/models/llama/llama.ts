import type { FlatParameters } from '../../autograd/flat-parameters.ts';
import type { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { linearCrossEntropy } from '../../ops/nn/linear_cross_entropy.ts';
import { gather } from '../../ops/shape/gather.ts';
import { isQuantized, type QuantizedWeight } from '../../quant/weight.ts';
import type { DeviceWeight } from '../../quantizer/coding.ts';
import type { HostTensor } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { ValueHome } from '../../tensor/value-home.ts';
import { Layers } from '../layers.ts';
import type { Model } from '../model.ts';
import { ModelValues } from '../values.ts';
import { LlamaBlocks, nameOf } from './blocks.ts';
import { CachedText } from './cached-text.ts';
import type { LlamaConfig } from './config.ts';
import { headChunkOf } from './head-chunk.ts';
import { KeyValueCache } from './key-value-cache.ts';
import type { LinearAdapter, LoraParams } from './lora/adapted-linear.ts';
import { retrainedName, retrainedOf } from './lora/retrained.ts';
import { packedText } from './packed-text.ts';
import { PartedTable } from './parted-table.ts';
import { ownTurnsOf } from './rotary.ts';
import { rowsOnDevice } from './row-parts.ts';
import type { TextContext } from './text-context.ts';
import { WindowMask } from './window-mask.ts';

const EMBEDDINGS = 'model.embed_tokens';
const NORM = 'model.norm';
const HEAD = 'lm_head';

/**
 * Values by transformers' names: `<module>.weight`, of a linear perhaps quantized; of an adapter
 * `<module>.lora_A`, `<module>.lora_B`, perhaps `<module>.lora_bias` and, with DoRA,
 * `<module>.magnitude`, and trained copies of frozen values (`retrainedName`), which take their place. What is not trained stays as it is.
 */
export interface LlamaWeights {
  readonly trained: ReadonlyMap<string, HostTensor>;
  /** What is on the device already the model takes over. */
  readonly frozen: ReadonlyMap<string, HostTensor | QuantizedWeight<HostTensor> | Tensor>;
  /** Parameters of the linears that have an adapter. */
  readonly adapter?: LoraParams | undefined;
  /** Of each by the name of its module, in the place of `adapter`. */
  readonly adapters?: ReadonlyMap<string, LinearAdapter> | undefined;
  /** Numbers of the blocks that were added to be trained. Default none. */
  readonly added?: readonly number[] | undefined;
  /**
   * Where all values lie: the frozen ones were given so, those that are trained are placed there.
   * Those of a block come to the device while it is computed or undone. Default they lie on the device.
   */
  readonly home?: ValueHome | undefined;
}

/**
 * transformers' LlamaForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM and MistralForCausalLM:
 * pre-norm blocks of causal attention with rotary positions and grouped queries, and of SwiGLU;
 * trained whole, or by the adapters of its linears over a frozen base. A linear has a bias where
 * there is a value for it.
 */
export class Llama implements Model {
  readonly values: ModelValues;
  readonly #gpu: Gpu;
  readonly #config: LlamaConfig;
  readonly #blocks: LlamaBlocks;
  readonly #window: WindowMask;
  /** The tables that no kernel reaches at once, by their names. */
  readonly #parted: ReadonlyMap<string, PartedTable>;
  readonly #owned: Scope;
  /** Names of trained copies among the parameters. */
  readonly #copies: ReadonlySet<string>;
  readonly #added: ReadonlySet<number>;
  readonly #comesWhenUsed: boolean;
  #isAdapted = true;

  /** Uploads the weights that are on the host. */
  constructor(
    gpu: Gpu,
    config: LlamaConfig,
    { trained, frozen, adapter, adapters, added, home }: LlamaWeights,
  ) {
    using owned = new Scope();
    this.#gpu = gpu;
    this.#config = config;
    this.#comesWhenUsed = home !== undefined;
    this.#added = new Set(added);
    this.#copies = new Set([...trained.keys()].filter((name) => retrainedOf(name) !== undefined));
    const adapterOf = (module: string) =>
      this.#isAdapted ? (adapters?.get(module) ?? adapter) : undefined;
    const hasBiases = [...trained.keys()].some((name) => name.endsWith('.lora_bias'));
    this.#blocks = owned.add(new LlamaBlocks(gpu, config, this, adapterOf, hasBiases));
    this.#window = owned.add(new WindowMask(gpu, config));
    const rowsOf = rowsOnDevice(gpu);
    const values = owned.add(new ModelValues(gpu, trained, frozen, { home, rowsOf }));
    this.values = values;
    const tables = [EMBEDDINGS, HEAD].map((module) => `${module}.weight`);
    this.#parted = new Map(
      [...tables, ...tables.map(retrainedName)].flatMap((name) => {
        const table = PartedTable.of(gpu, values, name);
        return table ? [[name, owned.add(table)]] : [];
      }),
    );
    this.#owned = owned.move();
  }

  /**
   * Logits f32 [B, S, vocab] of ids i32 [B, S], where S is at most the length of the configuration.
   * With `documents`, i32 [B, S], rows hold several texts one behind the other, each a run of one
   * number: tokens see their own text alone, and positions start anew in each. A label that is the
   * first token of a text is no answer to the last of the one before: mask it. Throws GradproofError
   * `bad-length`.
   */
  forward(
    tape: Tape,
    { ids, documents }: { readonly ids: Tensor; readonly documents?: Tensor },
  ): Tensor {
    const text = this.#textOf(tape, { ids, documents });
    return this.#head(tape, this.#read(tape, ids, text, this.#checkpoints));
  }

  /** Leaves adapters and added blocks out of what is computed, until the result is disposed. */
  withoutAdapters(): Disposable {
    this.#isAdapted = false;
    return {
      [Symbol.dispose]: () => {
        this.#isAdapted = true;
      },
    };
  }

  /**
   * A cache for a text of at most `tokens`; the caller owns it. Throws GradproofError
   * `cache-too-large`, OutOfMemoryError.
   */
  cacheFor(tokens: number): KeyValueCache {
    return new KeyValueCache(this.#gpu, this.#config, tokens);
  }

  /**
   * Tokens to be read behind those of a cache, or several tokens as its first; the caller owns it.
   * Throws GradproofError `cache-full`.
   */
  textAfter(cache: KeyValueCache, tokens: number): CachedText {
    return new CachedText(this.#gpu, this.#config, cache, tokens);
  }

  /**
   * Reads ids i32 [1, S], which join the cache of their text, and gives the logits f32 [1, 1, vocab]
   * of the token after the last. The tape keeps no more of a block than its result.
   */
  next(tape: Tape, ids: Tensor, text: CachedText): Tensor {
    const { cache, last } = text;
    const x = this.#read(tape, ids, text, true);
    cache.advance(ids.shape[1] as number);
    if (!last) return this.#head(tape, x);
    return this.#head(tape, tape.apply(gather, { x, indices: last }, { axis: 1 }, 'last').y);
  }

  /** Embeds tokens and sends them through all blocks: [B, S, hidden]. */
  #read(tape: Tape, ids: Tensor, text: TextContext, checkpointing = false): Tensor {
    const { layers: count } = this.#config;
    let x = this.#embedded(tape, ids);
    for (let i = 0; i < count; i++) {
      if (!this.#isAdapted && this.#added.has(i)) continue;
      const from = x;
      const block = (on: Tape) => this.#blocks.apply(on, i, from, text);
      x =
        checkpointing || this.#comesWhenUsed
          ? tape.checkpoint(block, nameOf(i), () => this.holding(nameOf(i)))
          : block(tape);
    }
    return x;
  }

  #embedded(tape: Tape, ids: Tensor): Tensor {
    const table = this.partedTable(`${EMBEDDINGS}.weight`);
    if (table) return table.lookUp(tape, ids, EMBEDDINGS, () => this.holding(EMBEDDINGS));
    // Its backward pass reads no table.
    using _held = this.holding(EMBEDDINGS);
    return new Layers(tape, this, this.#config.rms_eps).embedding(EMBEDDINGS, ids);
  }

  /** Norm and head, whose table is there while they are computed or undone. */
  #ofHead(tape: Tape, part: (tape: Tape) => Tensor): Tensor {
    if (!this.#comesWhenUsed) return part(tape);
    return tape.checkpoint(part, HEAD, () => this.holding(NORM, HEAD, this.#tableOfHead));
  }

  /**
   * Keeps the values of these modules on the device until the result is disposed, all of them where
   * none is named; they are always there, unless they lie on the host.
   */
  holding(...modules: readonly string[]): Disposable {
    if (!this.#comesWhenUsed) return new Scope();
    const isOf = (name: string) => modules.some((module) => name.startsWith(`${module}.`));
    return this.values.holding((name) => modules.length === 0 || isOf(retrainedOf(name) ?? name));
  }

  /**
   * The mean cross-entropy of labels i32 [B, S], f32 [1], without logits where their chunks are asked
   * for, they would be large, or the table lies in parts; undefined where none of it is so, or where
   * the head has a bias or is quantized. Throws GradproofError `bad-length`.
   */
  loss(
    tape: Tape,
    inputs: { readonly ids: Tensor; readonly documents?: Tensor },
    labels: Tensor,
    shift: boolean,
  ): Tensor | undefined {
    const [weight, ...more] = this.#partsOfHead;
    // Whole logits of a table in parts are there twice: of each part, and joined.
    const isJoined = more.length > 0 && this.#config.head_chunk === undefined;
    const chunk = isJoined ? {} : headChunkOf(this.#config, labels.size, this.vocabulary);
    const isPlain = !isQuantized(weight) && !this.names.includes(`${HEAD}.bias`);
    if (chunk === 'whole' || !isPlain) return undefined;
    const read = this.#read(tape, inputs.ids, this.#textOf(tape, inputs), this.#checkpoints);
    return this.#ofHead(tape, (on) => {
      const x = new Layers(on, this, this.#config.rms_eps).rmsNorm(NORM, read);
      const parts = { weight, ...Object.fromEntries(more.map((part, i) => [`more${i}`, part])) };
      const inputs = { x, ...parts, labels };
      return on.apply(linearCrossEntropy, inputs, { shift, ...chunk }, 'loss').loss;
    });
  }

  #head(tape: Tape, x: Tensor): Tensor {
    return this.#ofHead(tape, (on) => {
      const layers = new Layers(on, this, this.#config.rms_eps);
      const normed = layers.rmsNorm(NORM, x);
      const table = this.partedTable(`${HEAD}.weight`);
      if (!table) return layers.linear(HEAD, normed);
      return layers.addBias(HEAD, table.product(on, normed, HEAD));
    });
  }

  /** The tensors that have the head's rows, one behind the other. */
  get #partsOfHead(): readonly [Tensor | DeviceWeight, ...Tensor[]] {
    const name = `${HEAD}.weight`;
    const parts = this.partedTable(name)?.parts;
    return parts ? (parts as readonly [Tensor, ...Tensor[]]) : [this.view(name)];
  }

  /**
   * A table that lies in several tensors, as {@link Llama.view} would find it; undefined for a value
   * that is whole.
   */
  partedTable(name: string): PartedTable | undefined {
    return this.#parted.get(this.#isCopied(name) ? retrainedName(name) : this.#sourceOf(name));
  }

  /** The module whose table the head reads. */
  get #tableOfHead(): string {
    return this.#config.tie_word_embeddings ? EMBEDDINGS : HEAD;
  }

  get #checkpoints(): boolean {
    return this.#config.checkpointing ?? false;
  }

  #textOf(
    tape: Tape,
    { ids, documents }: { readonly ids: Tensor; readonly documents?: Tensor | undefined },
  ): TextContext {
    if (documents) return packedText(tape, this.#config, documents);
    const tokens = ids.shape[1] as number;
    const part = { first: 0, tokens, reach: tokens };
    const upload = (host: HostTensor) => tape.adopt(Tensor.from(this.#gpu, host));
    const turns = ownTurnsOf(this.#config, part, upload);
    return { reach: tokens, turns, causal: true, maskOf: this.#window.of(tape, tokens) };
  }

  get parameters(): FlatParameters {
    return this.values.parameters;
  }

  get names(): readonly string[] {
    return this.values.names;
  }

  /** Tokens of the longest text that it reads. */
  get length(): number {
    return this.#config.length;
  }

  /** Tokens that it knows. */
  get vocabulary(): number {
    const name = `${EMBEDDINGS}.weight`;
    return this.partedTable(name)?.rows ?? (this.view(name).shape[0] as number);
  }

  /**
   * A value, trained or not: the trained copy where there is one, unless adapters are left out. The
   * weight of a tied head is that of the embeddings, and as in PEFT the frozen one where these have a
   * copy. Throws RangeError when none has the name, and where a table lies in parts.
   */
  view(name: string): Tensor | DeviceWeight {
    if (this.#isCopied(name)) return this.parameters.view(retrainedName(name));
    return this.values.view(this.#sourceOf(name));
  }

  /** Whether a trained copy takes the place of a value. */
  #isCopied(name: string): boolean {
    return this.#isAdapted && this.#copies.has(retrainedName(name));
  }

  #sourceOf(name: string): string {
    return name === `${HEAD}.weight` ? `${this.#tableOfHead}.weight` : name;
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}
