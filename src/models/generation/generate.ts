import { Tape } from '../../autograd/tape.ts';
import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { argmax } from '../../ops/math/argmax.ts';
import { hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { KeyValueCache } from '../llama/key-value-cache.ts';
import type { Llama } from '../llama/llama.ts';
import { checkSampling, draw, type Sampling } from './sampling.ts';

/** How a model writes on. */
export interface GenerateOptions {
  /** Tokens after which it ends. */
  readonly maxTokens: number;
  /** Tokens that end it before; the one that does is the last that is given. Default none. */
  readonly eos?: readonly number[];
  /** The likeliest token, or one that is drawn by numbers of a seed. Default the likeliest. */
  readonly choose?: 'greedy' | (Sampling & { readonly seed: number });
}

/**
 * Tokens that follow those of `prompt`, one after the other, as transformers' `generate` gives them.
 * Keys and values of what was read are kept, so that each token is one pass over itself, and one
 * submit. Where positions turn by the length of a text, each token turns as in one that ends with
 * it, and keys keep what they were written with. The likeliest is picked on the device, and its id
 * alone is read; to draw, the logits of the last position are. The model is as it is at each token:
 * it may be trained meanwhile, and none of its bits change by this. To stop iterating frees
 * everything. Throws GradproofError before anything runs: `bad-prompt`, `bad-length`,
 * `bad-sampling`, `cache-too-large`; OutOfMemoryError; and
 * `not-finite` for logits that nothing can be drawn from.
 */
export async function* generate(
  gpu: Gpu,
  model: Llama,
  prompt: readonly number[],
  { maxTokens, eos = [], choose = 'greedy' }: GenerateOptions,
): AsyncGenerator<number, void> {
  checkPrompt(prompt, model.vocabulary);
  if (!(Number.isInteger(maxTokens) && maxTokens > 0))
    throw new GradproofError(
      'bad-length',
      `maxTokens is ${maxTokens} and should be the number of tokens to write, 1 or more`,
    );
  if (choose !== 'greedy') checkSampling(choose);
  // The last token is read by no one.
  using cache = model.cacheFor(prompt.length + maxTokens - 1);
  using token = Tensor.empty(gpu, 'i32', [1, 1]);
  using first = Tensor.from(gpu, hostTensorFrom('i32', [1, prompt.length], prompt));
  const next = choose === 'greedy' ? greedy(gpu, model, token) : drawn(gpu, model, token, choose);
  let ids = first;
  for (let count = 1; count <= maxTokens; count++) {
    const id = await next(cache, ids);
    yield id;
    if (eos.includes(id)) return;
    ids = token;
  }
}

function checkPrompt(prompt: readonly number[], vocabulary: number): void {
  if (prompt.length === 0)
    throw new GradproofError(
      'bad-prompt',
      'the prompt has no token: give it one, as that which begins a text',
    );
  const at = prompt.findIndex((id) => !(Number.isInteger(id) && id >= 0 && id < vocabulary));
  if (at >= 0)
    throw new GradproofError(
      'bad-prompt',
      `token ${at} of the prompt is ${prompt[at]}, and the model has tokens 0 to ${vocabulary - 1}: use its own tokenizer`,
    );
}

/** Reads `ids` [1, S], leaves the next token in a tensor, and gives it. */
type Next = (cache: KeyValueCache, ids: Tensor) => Promise<number>;

function greedy(gpu: Gpu, model: Llama, token: Tensor): Next {
  const record = (cache: KeyValueCache, ids: Tensor): void => {
    using text = model.textAfter(cache, ids.shape[1] as number);
    using tape = new Tape(gpu);
    const x = model.next(tape, ids, text);
    token.copyFrom(tape.apply(argmax, { x }, { axis: 2, keepdims: false }, 'next').y);
  };
  return async (cache, ids) => {
    record(cache, ids);
    return (await token.read()).data[0] as number;
  };
}

function drawn(
  gpu: Gpu,
  model: Llama,
  token: Tensor,
  { seed, ...sampling }: Sampling & { readonly seed: number },
): Next {
  const random = new Random(seed);
  const logits = (cache: KeyValueCache, ids: Tensor) => {
    using text = model.textAfter(cache, ids.shape[1] as number);
    using tape = new Tape(gpu);
    return model.next(tape, ids, text).read();
  };
  return async (cache, ids) => {
    const scores = valuesOf(await logits(cache, ids));
    const at = scores.findIndex((x) => !Number.isFinite(x));
    if (at >= 0)
      throw new GradproofError(
        'not-finite',
        `after ${cache.length} tokens the logit of token ${at} is ${scores[at]}: the weights are not finite, or have grown too large`,
      );
    const id = draw(scores, sampling, random.uniform());
    token.write(hostTensorFrom('i32', [1, 1], [id]));
    return id;
  };
}
