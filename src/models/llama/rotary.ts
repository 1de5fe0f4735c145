import type { Tape } from '../../autograd/tape.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { rotaryEmbedding } from '../../ops/attention/rotary_embedding.ts';
import { rotaryEmbeddingCache } from '../../ops/attention/rotary_embedding_cache.ts';
import { seam } from '../../seam.ts';
import { type HostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { sizeOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { shortContextOf } from '../../vocabulary/attention/rope-scaling.ts';
import type { GivenParams } from '../../vocabulary/signature.ts';
import { headDimOf, type LlamaConfig } from './config.ts';
import { frequenciesOf } from './frequencies.ts';
import type { TextContext, Turns } from './text-context.ts';

const rotaryOf = seam(
  'nn.llama.rotaryOf',
  (config: LlamaConfig): GivenParams<typeof rotaryEmbedding.signature> => ({
    head_dim: headDimOf(config),
    theta: config.rope_theta,
    convention: 'half-split',
  }),
);

/** Queries and keys [B, H, S, D], or what rotating made of them. */
interface Heads {
  readonly q: Tensor;
  readonly k: Tensor;
}

/** Where the tokens of a text are. */
type Place = Pick<TextContext, 'positions' | 'reach' | 'turns'>;

/** Of texts of at most so many tokens, of all their positions. */
interface Tables extends Turns {
  readonly most: number;
}

/**
 * Rotary positions of a Llama, counted from 0 where a text has none of its own. Plain ones go through the op that makes its own
 * angles; scaled ones through tables, which the host makes in float64, so that no angle loses what
 * float32 has not.
 */
export class Rotary implements Disposable {
  readonly #config: LlamaConfig;
  readonly #positions: Tensor | undefined;
  /** By length, the shorter first. */
  readonly #tables: readonly Tables[];
  readonly #owned: Scope;

  constructor(gpu: Gpu, config: LlamaConfig) {
    using owned = new Scope();
    const { length, rope_scaling } = config;
    this.#config = config;
    const ids = Array.from({ length }, (_, i) => i);
    const upload = (host: HostTensor) => owned.add(Tensor.from(gpu, host));
    this.#positions = rope_scaling ? undefined : upload(hostTensorFrom('i32', [length], ids));
    this.#tables = rope_scaling
      ? lengthsOf(config).map((most) => ({
          most,
          ...turnsOf(config, { first: 0, tokens: most, reach: most }, upload),
        }))
      : [];
    this.#owned = owned.move();
  }

  /** The same, rotated to the positions of the text; a layer that scales has a call for each. */
  apply(tape: Tape, { q, k }: Heads, { positions, reach, turns }: Place, layer: string): Heads {
    const params = rotaryOf(this.#config);
    if (this.#positions) {
      const position_ids = positions ?? this.#positions.view([q.shape[2] as number]);
      return tape.apply(rotaryEmbedding, { q, k, position_ids }, params, layer);
    }
    const tables = turns ?? (this.#tables.find(({ most }) => reach <= most) as Tables);
    const { convention } = params;
    const turned = (x: Tensor, name: string) => {
      const call = { convention, layer: `${layer}.${name}` };
      return positions && !turns
        ? rotatedTo(tape, x, positions, tables, call)
        : rotated(tape, x, tables, call);
    };
    return { q: turned(q, 'q'), k: turned(k, 'k') };
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}

/**
 * Up to which lengths tables serve: a text is within the context that the model was made for, or
 * beyond it, where dynamic frequencies are of that text's own length.
 */
function lengthsOf({ length, rope_scaling }: LlamaConfig): readonly number[] {
  const context = shortContextOf(rope_scaling) ?? length;
  if (context >= length) return [length];
  return rope_scaling?.rope_type === 'dynamic' ? [context] : [context, length];
}

/** Tokens of a text from position `first` on, up to which it has `reach`. */
interface Part {
  readonly first: number;
  readonly tokens: number;
  readonly reach: number;
}

/**
 * What turns tokens whose frequencies are of no other length: dynamic ones beyond the context.
 * Undefined where those of the model serve. `upload` brings a tensor to the device.
 */
export function ownTurnsOf(
  config: LlamaConfig,
  part: Part,
  upload: (host: HostTensor) => Tensor,
): Turns | undefined {
  const { rope_scaling } = config;
  const isOwn =
    rope_scaling?.rope_type === 'dynamic' && part.reach > rope_scaling.max_position_embeddings;
  return isOwn ? turnsOf(config, part, upload) : undefined;
}

function turnsOf(
  config: LlamaConfig,
  { first, tokens, reach }: Part,
  upload: (host: HostTensor) => Tensor,
): Turns {
  const head_dim = headDimOf(config);
  const { inverse, factor } = frequenciesOf({ ...config, head_dim }, reach);
  const shape = [tokens, inverse.length];
  const table = (f: (angle: number) => number) => {
    const data = Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
      const pair = i % inverse.length;
      return factor * f((first + (i - pair) / inverse.length) * (inverse[pair] as number));
    });
    return upload(hostTensorFrom('f32', shape, data));
  };
  return { cos: table(Math.cos), sin: table(Math.sin) };
}

/** How a rotation by tables is called. */
interface Call {
  readonly convention: 'half-split' | 'interleaved' | undefined;
  readonly layer: string;
}

/** Each token to a position of its own, i32 [B, S]. */
function rotatedTo(
  tape: Tape,
  x: Tensor,
  position_ids: Tensor,
  { cos, sin }: Turns,
  { convention, layer }: Call,
): Tensor {
  return tape.apply(rotaryEmbeddingCache, { x, cos, sin, position_ids }, { convention }, layer).y;
}

/** One table is for all batches: they and the heads are one dimension for the op. */
function rotated(tape: Tape, x: Tensor, { cos, sin }: Turns, { convention, layer }: Call): Tensor {
  const [batch, heads, length, width] = x.shape as [number, number, number, number];
  const together = tape.view(x, [1, batch * heads, length, width]);
  const rows = [1, length, width / 2];
  const inputs = { x: together, cos: cos.view(rows), sin: sin.view(rows) };
  const { y } = tape.apply(rotaryEmbeddingCache, inputs, { convention }, layer);
  return tape.view(y, x.shape);
}
