import { Tape } from '../../../autograd/tape.ts';
import { ConfigError } from '../../../formats/hugging-face/config-error.ts';
import type { ParityBundle } from '../../../formats/parity-bundle.ts';
import type { Gpu } from '../../../gpu/gpu.ts';
import { generate } from '../../../models/generation/generate.ts';
import type { KeyValueCache } from '../../../models/llama/key-value-cache.ts';
import { Llama } from '../../../models/llama/llama.ts';
import { maxAbs } from '../../../reference/bounds.ts';
import { logitsLimit, logitsOf } from '../../../reference/llama/logits.ts';
import type { Acceptance, Value, Values } from '../../../reference/record.ts';
import { hostTensorFrom, valuesOf } from '../../../tensor/host.ts';
import { Tensor } from '../../../tensor/tensor.ts';
import { shortContextOf } from '../../../vocabulary/attention/rope-scaling.ts';
import type { CaseContext } from '../../context.ts';
import { faultsOf } from '../../fault.ts';
import type { Control } from '../../suite.ts';
import { findDeviation } from '../finding.ts';
import { valuesOfStored } from '../fit.ts';
import { askedIn, WITHOUT_WINDOW } from './logits.ts';
import { configOf, type LogitsAsked } from './logits-start.ts';
import { INTERLEAVED } from './replay.ts';

/** The op of the vocabulary that is a model which writes. */
export const GENERATION = 'causal_lm_generate';

const MISPLACED: Control = {
  name: 'keys and values are written one position before their own',
  faults: faultsOf((fault) =>
    fault.host(
      'nn.llama.cachePlace',
      (original) => (length: number) => Math.max(0, original(length) - 1),
    ),
  ),
};
const WHOLE_TEXT: Control = {
  name: 'positions turn from the first token on as in the whole text',
  faults: faultsOf((fault) =>
    fault.host('nn.llama.cachedReach', () => (cache: KeyValueCache) => cache.capacity),
  ),
};
const FROM_ZERO: Control = {
  name: 'positions start anew behind the cache',
  faults: faultsOf((fault) => fault.host('nn.llama.cachedPosition', () => () => 0)),
};

/** Every fault of a cache that some recording shows. */
export const GENERATION_CONTROLS = [MISPLACED, FROM_ZERO, WHOLE_TEXT];

/** The fault that turns the replay of a bundle red, by what its model has. */
export function controlOfGeneration(bundle: ParityBundle): Control {
  try {
    const { slidingWindow, ropeScaling } = configOf(bundle);
    if (slidingWindow) return WITHOUT_WINDOW;
    if (shortContextOf(ropeScaling) !== undefined) return WHOLE_TEXT;
    return ropeScaling ? FROM_ZERO : MISPLACED;
  } catch (error) {
    if (error instanceof ConfigError) return INTERLEAVED;
    throw error;
  }
}

/** What a model gives for a text: logits [n, vocab] by token, and the tokens that it writes. */
export interface Written {
  /** Token by token, by the cache. */
  readonly cached: Value;
  /** In one pass over the whole text. */
  readonly whole: Value;
  readonly tokens: readonly number[];
}

/**
 * Replays what a model writes. The logits by which each token is chosen, with the cache and without,
 * must be within the limits of those in float64 for the recorded text, read likewise: where
 * frequencies depend on what was read, the two are not the same; and the tokens that the
 * engine writes by itself the recorded ones, up to the first whose logit is nearer to that of another
 * than they may be off. A recording that is out itself is the finding `producer-deviates`. `write`
 * asks the model on the device.
 */
export async function replayGeneration(
  t: CaseContext,
  bundle: ParityBundle,
  write: typeof writtenOnDevice = writtenOnDevice,
): Promise<void> {
  const stored = valuesOfStored(bundle.tensors.outputs, {});
  const sequences = stored['sequences'] as Value;
  const recorded = stored['logits'] as Value;
  const { config, weights, ids } = askedIn(t, bundle);
  const length = sequences.data.length - 1;
  const read: Value = { shape: [1, length], data: sequences.data.subarray(0, length) };
  const asked = { config: { ...config, length }, weights, ids: read };
  const readWith = async (together: number) => {
    const again = async (each: Values) =>
      lastOf(await logitsOf(asked.config, each, read, together), recorded);
    const truth = await again(weights);
    const limitOn = (actual: Value, ieee: boolean) =>
      logitsLimit({ actual, truth, ieee }, weights, again);
    return { truth, limitOn };
  };
  const oneByOne = await readWith(ids.data.length);
  const { truth } = oneByOne;
  const theirs = await oneByOne.limitOn(recorded, bundle.device === 'cpu');
  const likeliest = likeliestOf(truth, boundOf(theirs));
  const chosen = [...ids.data, ...likeliest.map(({ token }) => token)];
  const unsure = likeliest.findIndex(({ isSure }) => !isSure);
  const judged = unsure < 0 ? likeliest.length : unsure;
  const unjudged = Uint8Array.from(chosen, (_, i) => Number(i >= ids.data.length + judged));
  const told = { isGradient: false, basis: 'the model in float64 gives' } as const;
  const none = new Uint8Array(truth.data.length);
  const text = { shape: sequences.shape, data: Float64Array.from(chosen) };
  const { deviating } = findDeviation(t, bundle, [
    { ...told, name: 'logits', actual: recorded, truth, acceptance: theirs, unjudged: none },
    {
      ...{ ...told, name: 'sequences', actual: sequences, truth: text },
      ...{ acceptance: { kind: 'exact' }, unjudged },
    },
  ]);

  t.gpu.memory.guarded = true;
  const { cached, whole, tokens } = await write(t.gpu, asked, ids.data.length);
  const together = await readWith(length);
  for (const [name, actual, { truth: expected, limitOn }] of [
    ['logits by the cache', cached, oneByOne],
    ['logits', whole, together],
  ] as const)
    t.expectAccepted(name, actual, expected, await limitOn(actual, t.ieee));
  // Where the recording went another way, what the model in float64 says of later tokens is of that.
  if (deviating.has('sequences')) return;
  const own = { shape: [1, judged], data: Float64Array.from(tokens.slice(0, judged)) };
  const expected = likeliest.slice(0, judged).map(({ token }) => token);
  t.expectEqual('tokens', own, { shape: [1, judged], data: Float64Array.from(expected) });
}

/** The rows of logits [1, S, vocab] that are those of the last positions, in the shape of others. */
function lastOf({ data }: Value, { shape, data: { length } }: Value): Value {
  return { shape, data: data.slice(data.length - length) };
}

const boundOf = (limit: Acceptance): number =>
  limit.kind === 'within' ? maxAbs(limit.bound) : Number.NaN;

/** The likeliest token of each row, and whether no other may be likelier where logits are so far off. */
function likeliestOf({ shape, data }: Value, limit: number) {
  const [rows, vocab] = shape as [number, number];
  return Array.from({ length: rows }, (_, row) => {
    const logits = data.subarray(row * vocab, (row + 1) * vocab);
    const [most = 0, second = 0] = logits.toSorted().reverse();
    return { token: logits.indexOf(most), isSure: most - second > 2 * limit };
  });
}

/** What the engine's model makes of the text: its first tokens are the prompt. */
async function writtenOnDevice(
  gpu: Gpu,
  { config, weights, ids }: LogitsAsked,
  prompt: number,
): Promise<Written> {
  const hosts = Object.entries(weights).map(
    ([name, { shape, data }]) => [name, hostTensorFrom('f32', shape, data)] as const,
  );
  using model = new Llama(gpu, config, { trained: new Map(), frozen: new Map(hosts) });
  const text = Array.from(ids.data);
  const tokens: number[] = [];
  const maxTokens = text.length - prompt + 1;
  for await (const token of generate(gpu, model, text.slice(0, prompt), { maxTokens }))
    tokens.push(token);
  using cache = model.cacheFor(text.length);
  const rows: number[] = [];
  const starts = [0, ...text.slice(prompt).map((_, i) => prompt + i)];
  for (const [i, start] of starts.entries()) {
    const part = text.slice(start, starts[i + 1] ?? text.length);
    using given = Tensor.from(gpu, hostTensorFrom('i32', [1, part.length], part));
    using context = model.textAfter(cache, part.length);
    using tape = new Tape(gpu);
    rows.push(...valuesOf(await model.next(tape, given, context).read()));
  }
  using given = Tensor.from(gpu, hostTensorFrom('i32', ids.shape, ids.data));
  using tape = new Tape(gpu);
  const all = valuesOf(await model.forward(tape, { ids: given }).read());
  const cached = { shape: [maxTokens, rows.length / maxTokens], data: Float64Array.from(rows) };
  return { cached, whole: lastOf({ shape: [], data: all }, cached), tokens };
}
