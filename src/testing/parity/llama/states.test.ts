import { describe, expect, test } from 'vitest';
import { recordingOf } from './fixtures/recording.ts';
import { startOf } from './start.ts';
import { statesOf } from './states.ts';

const recording = recordingOf('llama_full_8bit');
const scaled = recordingOf('llama_lora_fp16_scaled');
const EMBEDDINGS = 'model.embed_tokens.weight';

function statesIn(
  { params, inputs, outputs }: typeof recording,
  change: Partial<typeof outputs> = {},
  more: object = {},
) {
  const all = Object.entries({ ...outputs, ...change }).flatMap(([name, value]) =>
    value ? [[name, value] as const] : [],
  );
  const run = startOf(params, inputs);
  return statesOf({ ...params, ...more }, run, Object.fromEntries(all));
}

describe('recorded states', () => {
  test('are read by step, with codes and scales of moments', () => {
    const states = statesIn(recording);
    expect([...states.keys()]).toEqual([1, 2, 10]);
    const { kept, taken, scheduled } = states.get(10) as NonNullable<ReturnType<typeof states.get>>;
    expect([taken, scheduled]).toEqual([9, 9]);
    const { exp_avg, exp_avg_absmax } = kept;
    expect(exp_avg?.[EMBEDDINGS]?.shape).toEqual([29, 16]);
    expect(exp_avg_absmax?.[EMBEDDINGS]?.shape).toEqual([2]);
    expect(Math.max(...(exp_avg?.[EMBEDDINGS]?.data ?? []))).toBeGreaterThan(200);
  });

  test('have the scale of the loss, and steps that were left out are not counted', () => {
    const { outputs } = scaled;
    const states = statesIn(scaled);
    expect([...states.values()].map(({ taken }) => taken)).toEqual([0, 1, 11]);
    expect(states.get(1)).toMatchObject({ scale: 1024, growth_tracker: 0 });
    const scale = outputs['scale'] as NonNullable<(typeof outputs)['scale']>;
    const halved = new Float64Array(12).fill(512);
    const bytes = new Uint8Array(halved.buffer);
    const left = statesIn(scaled, { scale: { ...scale, dtype: 'F64', bytes } });
    expect([...left.values()].map(({ taken }) => taken)).toEqual([0, 0, 10]);
  });

  test.each<[string, Partial<(typeof recording)['outputs']>, object, string]>([
    [
      'that lacks a moment',
      { [`state.2.${EMBEDDINGS}.exp_avg_sq`]: undefined },
      {},
      `out.state.2.${EMBEDDINGS}.exp_avg_sq is missing`,
    ],
    [
      'that the run says and that is not there',
      {},
      { state_steps: [1, 5] },
      'out.state.5.model.embed_tokens.weight is missing',
    ],
    [
      'past the end',
      { 'state.11.x': recording.outputs['losses'] },
      {},
      "out.state.11.x is no state before one of the run's 10 steps",
    ],
    [
      'without a step',
      { 'state.one.x': recording.outputs['losses'] },
      {},
      'out.state.one.x is no state before one of',
    ],
    [
      'of another shape',
      { [`state.1.${EMBEDDINGS}`]: recording.outputs['losses'] },
      {},
      `out.state.1.${EMBEDDINGS} has shape 10 and should have 29x16`,
    ],
  ])('one %s is refused', (_, change, more, message) => {
    expect(() => statesIn(recording, change, more)).toThrow(message);
  });

  test('that a run says past its end are not asked for', () => {
    expect([...statesIn(recording, {}, { state_steps: [1, 20, 100] }).keys()]).toEqual([1, 2, 10]);
  });
});
