import { describe, expect, test } from 'vitest';
import { judge } from '../../../reference/judge.ts';
import { outputsOf } from '../../../reference/llama/limits.ts';
import { type LlamaRun, llamaRun } from '../../../reference/llama/run.ts';
import type { Value } from '../../../reference/record.ts';
import { valuesOfStored } from '../fit.ts';
import { recordingOf } from './fixtures/recording.ts';
import { outputName } from './names.ts';
import { RunLimits } from './run-limits.ts';
import { startOf } from './start.ts';

const ROWS = Array.from({ length: 20 }, (_, i) => i + 1);

/** A row's run, and what torch gave. */
function rowOf(row: number) {
  const { params, inputs, outputs } = recordingOf(`llama_row_${row}`);
  return {
    run: startOf(params, inputs),
    recorded: valuesOfStored(outputs, {}),
  };
}

/** What of a recording is out of the limits of a run, which may be another than was recorded. */
async function outside(row: number, change: (run: LlamaRun) => Partial<LlamaRun> = () => ({})) {
  const { run, recorded } = rowOf(row);
  const other = { ...run, ...change(run) };
  const limits = new RunLimits(run, true);
  const truth = outputsOf(await llamaRun(other));
  const found: string[] = [];
  for (const [name, actual] of Object.entries(recorded)) {
    const expected = truth[outputName(name)] as Value;
    const limit = await limits.widest(outputName(name), { actual, truth: expected });
    if (!judge(actual, expected, limit, limits.unjudged(outputName(name), expected)).ok)
      found.push(name);
  }
  return found;
}

describe('rows of the covering array as torch recorded them', () => {
  test.each(ROWS)('row %i: the replica is torch', async (row) => {
    expect(await outside(row)).toEqual([]);
  });

  test.each([1, 6, 7, 9, 12])('row %i leaves out its second step alone', (row) => {
    const { run, recorded } = rowOf(row);
    const { init_scale = 0, growth_factor = 0, backoff_factor = 0 } = run.scaler ?? {};
    const grown = init_scale * growth_factor;
    const left = grown * backoff_factor;
    expect([...(recorded['scale']?.data ?? [])]).toEqual([
      grown,
      left,
      left * growth_factor,
      // It grows no farther than float32 reaches.
      Number.isFinite(Math.fround(left * growth_factor ** 2))
        ? left * growth_factor ** 2
        : left * growth_factor,
    ]);
  });
});

describe('another run than was recorded is out of the limits', () => {
  const scaled = (row: LlamaRun, change: Partial<NonNullable<LlamaRun['scaler']>>) => ({
    scaler: { ...(row.scaler as NonNullable<LlamaRun['scaler']>), ...change },
  });
  const stepped = ({ optimizer }: LlamaRun, change: object) => ({
    optimizer: { ...optimizer, ...change },
  });
  const EMBEDDINGS = 'model.embed_tokens.weight';
  test.each<[number, string, (run: LlamaRun) => Partial<LlamaRun>]>([
    [17, 'another growth interval', (run) => scaled(run, { growth_interval: 2 })],
    [17, 'another growth factor', (run) => scaled(run, { growth_factor: 4 })],
    [12, 'another backoff factor', (run) => scaled(run, { backoff_factor: 2 ** -124 })],
    [9, 'another first scale', (run) => scaled(run, { init_scale: 8 })],
    [
      2,
      'an untied head',
      ({ config, trained }) => ({
        config: { ...config, tie_word_embeddings: false },
        trained: { ...trained, 'lm_head.weight': trained[EMBEDDINGS] as Value },
      }),
    ],
    [3, 'another largest norm', () => ({ clip: 0.1 })],
    [3, 'gradients that are not clipped', () => ({ clip: Number.POSITIVE_INFINITY })],
    [18, 'momentum that is not looked ahead', (run) => stepped(run, { nesterov: false })],
    [18, 'another momentum', (run) => stepped(run, { momentum: 0.8 })],
    [16, 'decay beside the moments', (run) => stepped(run, { optimizer: 'adamw' })],
    [16, 'another beta', (run) => stepped(run, { betas: [0.9, 0.99] })],
    [20, 'a constant rate', () => ({ schedule: { name: 'constant' } })],
    [3, 'no warm-up', ({ schedule }) => ({ schedule: { ...schedule, warmup: 0 } })],
  ])('row %i with %s', async (row, _, change) => {
    expect(await outside(row, change)).not.toEqual([]);
  });
});
