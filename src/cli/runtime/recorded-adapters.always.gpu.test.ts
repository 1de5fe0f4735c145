import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gpu } from '../../gpu/gpu.ts';
import { continuedConfig } from '../../train/llama/config/continued-config.ts';
import { trainingConfigOf } from '../../train/llama/config/read-training-config.ts';
import { readAdapter } from '../../train/llama/saved-adapter.ts';
import { boundsBetween, logitsWith, verdictOf } from './fixtures/adapter-logits.ts';
import { recordedFolder, recordedValue } from './fixtures/recorded-adapters.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Adapters that PEFT saved are read, and the model says with them what it said with PEFT. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const given = trainingConfigOf({ type: 'lora', max_length: 16 });

test.each(['rank-pattern', 'rslora', 'dora'])(
  'with the adapter %s of PEFT the model has the same logits',
  async (name) => {
    const { fields, values } = await readAdapter(await recordedFolder(name));
    const config = continuedConfig(given, fields);
    const folder = await recordedFolder('model');
    const logits = await logitsWith(gpu, { folder, config }, values, recordedValue('ids'));
    const truth = recordedValue(`logits of ${name}`);
    expect(verdictOf(logits, truth)).toMatchObject({ ok: true, compared: 2 * 9 * 32 });
    expect(boundsBetween(truth, recordedValue('logits'))).toBeGreaterThan(100);
  },
);
