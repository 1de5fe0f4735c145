import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ParityBundle, readParityBundle } from '../../../formats/parity-bundle.ts';
import { toStored } from '../../../formats/safetensors/write.ts';
import { logitsOf } from '../../../reference/llama/logits.ts';
import { hostTensorFrom } from '../../../tensor/host.ts';
import { CaseContext } from '../../context.ts';
import { valuesOfStored } from '../fit.ts';
import {
  controlOfGeneration,
  GENERATION_CONTROLS,
  replayGeneration,
  type Written,
} from './generation.ts';
import { WITHOUT_WINDOW } from './logits.ts';
import { INTERLEAVED } from './replay.ts';

const recordingOf = (name: string) =>
  readParityBundle(readFileSync(`public/parity/transformers-5.23.0/generate_${name}.safetensors`));
const LLAMA = recordingOf('llama');
const [MISPLACED, FROM_ZERO, WHOLE_TEXT] = GENERATION_CONTROLS.map(({ name }) => name);

/** Replays with what the model in float64 gives, changed. */
async function replayed(bundle: ParityBundle, change: (written: Written) => Written = (x) => x) {
  const gpu = { memory: { guarded: false } };
  const t = new CaseContext({ gpu, ieee: true, seed: 1, injects: [] } as never);
  await replayGeneration(t, bundle, async (_, { config, weights, ids }, prompt) => {
    const readWith = async (together?: number) => {
      const { data } = await logitsOf(config, weights, ids, together);
      return { shape: [16, 97], data: data.slice((prompt - 1) * 97) };
    };
    const tokens = [...(valuesOfStored(bundle.tensors.outputs, {})['sequences']?.data ?? [])];
    return change({
      cached: await readWith(prompt),
      whole: await readWith(),
      tokens: tokens.slice(prompt),
    });
  });
  return t.evidence;
}

const moved = ({ shape, data }: Written['cached']) => ({ shape, data: data.with(5, 9) });
const otherToken = (tokens: readonly number[], at: number) =>
  tokens.with(at, ((tokens[at] as number) + 1) % 97);

/** The recording with another token at a place of its text. */
function recordedOtherwise(at: number): ParityBundle {
  const { shape, data } = valuesOfStored(LLAMA.tensors.outputs, {})[
    'sequences'
  ] as Written['cached'];
  const other = hostTensorFrom('i32', shape, otherToken([...data], at));
  const outputs = { ...LLAMA.tensors.outputs, sequences: toStored(other) };
  return { ...LLAMA, tensors: { ...LLAMA.tensors, outputs } };
}

describe('what a model writes', () => {
  test('is held to the model in float64, with the cache, without, and token by token', async () => {
    const { finding, assertions } = await replayed(LLAMA);
    expect(finding).toBeUndefined();
    expect(assertions).toBe(2 * 16 * 97 + 16);
  });

  test.each<[string, (written: Written) => Written]>([
    ['logits by the cache', (written) => ({ ...written, cached: moved(written.cached) })],
    ['logits', (written) => ({ ...written, whole: moved(written.whole) })],
    ['tokens', (written) => ({ ...written, tokens: otherToken(written.tokens, 15) })],
  ])('fails where its %s are others', async (name, change) => {
    await expect(replayed(LLAMA, change)).rejects.toThrow(`${name}[`);
  });

  test('is not held to a recording of other tokens, which is the finding', async () => {
    const { finding, assertions } = await replayed(recordedOtherwise(24));
    expect(finding?.code).toBe('producer-deviates');
    expect(finding?.message).toContain('sequences[0, 24] is');
    expect(assertions).toBe(2 * 16 * 97);
  });
});

describe.each(['rope_dynamic', 'rope_longrope'])('beyond the context of %s', (name) => {
  const bundle = recordingOf(name);

  test('each token turns as what was read with it, and in one pass all as the whole', async () => {
    const { finding, assertions } = await replayed(bundle);
    expect(finding).toBeUndefined();
    expect(assertions).toBe(2 * 16 * 97 + 16);
  });

  test('neither is the other', async () => {
    await expect(
      replayed(bundle, (written) => ({ ...written, cached: written.whole })),
    ).rejects.toThrow('logits by the cache[0, 0]');
    await expect(
      replayed(bundle, (written) => ({ ...written, whole: written.cached })),
    ).rejects.toThrow('logits[0, 0]');
  });
});

test.each([
  ['llama', MISPLACED],
  ['qwen2', MISPLACED],
  ['qwen3', FROM_ZERO],
  ['mistral', WITHOUT_WINDOW.name],
  ['rope_dynamic', WHOLE_TEXT],
  ['rope_longrope', WHOLE_TEXT],
])('%s turns red where %s', (name, control) => {
  expect(controlOfGeneration(recordingOf(name)).name).toBe(control);
});

test('a configuration that is none has a control all the same', () => {
  const config = { ...(LLAMA.params['config'] as object), hidden_act: 'gelu' };
  const bundle = { ...LLAMA, params: { ...LLAMA.params, config } };
  expect(controlOfGeneration(bundle)).toBe(INTERLEAVED);
});
