import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { readTrainLlama } from '../../formats/parity-bundle/train-llama.ts';
import { readParityBundle } from '../../formats/parity-bundle.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { lateLimitOf } from '../../reference/llama/limits.ts';
import { longSpreadOf } from '../../reference/llama/spread.ts';
import { stepsOf } from '../../reference/llama/steps.ts';
import { valuesOfStored } from '../../testing/parity/fit.ts';
import { trainOurs } from '../../testing/parity/llama/ours.ts';
import { startOf } from '../../testing/parity/llama/start.ts';
import { noTransformers, runPython } from './fixtures/bridge-python.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** QLoRA over NF4 with double quantization, beside the run that PEFT and bitsandbytes made of it. */

const NAME = 'llama_qlora_200_steps';
const EARLY = 20;
/** The catalog's, of each of the first losses. */
const APART = 1e-4;

vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 });

/** A recorded run, and its losses. */
function runIn(path: string) {
  const { params, tensors } = readParityBundle(readFileSync(path));
  const settings = readTrainLlama(params);
  const { losses } = valuesOfStored(tensors.outputs, {});
  if (!losses) throw new Error(`${path} has no losses`);
  return { settings, run: startOf(settings, tensors.inputs), recorded: losses.data };
}

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

/** The losses of the first steps of a run on the device. */
async function lossesOf(
  { run }: ReturnType<typeof runIn>,
  steps: number,
): Promise<ArrayLike<number>> {
  const { losses } = await trainOurs(gpu, stepsOf(run, 1, steps), async () => {});
  return losses.data;
}

/** How far each is from the recorded one, as a share of that. */
const shares = (ours: ArrayLike<number>, recorded: ArrayLike<number>) =>
  Array.from(ours, (x, i) => Math.abs(x - (recorded[i] as number)) / (recorded[i] as number));

const shipped = runIn(`public/parity/transformers-5.23.0/${NAME}.safetensors`);

test(
  'the first 20 losses are the recorded ones, within 1e-4 of each',
  covers('fsdp.training.qlora-convergence/first-20-losses').control('moments are not corrected', {
    file: 'src/ops/optim/adamw_step.ts',
    from: 'bias_correction ? lr / (1 - beta1 ** step) : lr',
    to: 'bias_correction ? lr : lr',
  }),
  async () => {
    expect(shipped.settings).toMatchObject({ mode: 'qlora', compute_dtype: 'float32' });
    const ours = await lossesOf(shipped, EARLY);
    expect(ours.length).toBe(EARLY);
    expect(new Set(Array.from(ours)).size).toBe(EARLY);
    expect(Math.max(...shares(ours, shipped.recorded))).toBeLessThanOrEqual(APART);
  },
);

test(
  'after 50, 100 and 200 steps the loss is the recorded one, by ten times the spread of right runs',
  covers('fsdp.training.qlora-convergence/later-losses').control('the rate does not fall', {
    file: 'src/ops/optim/lr_schedule.ts',
    from: 'cosine: (schedule, progress) => Math.max(0, wave(cyclesOf(schedule), progress))',
    to: 'cosine: () => 1',
  }),
  async () => {
    const { recorded } = shipped;
    expect(recorded.length).toBe(200);
    // It has learnt: what is compared is no plateau.
    expect(recorded[199]).toBeLessThan(0.8 * (recorded[0] as number));
    const ours = await lossesOf(shipped, 200);
    const spread = (await longSpreadOf(shipped.run))['losses'] as Float64Array;
    const truth = { shape: [200], data: Float64Array.from(recorded) };
    const { bound } = lateLimitOf('losses', truth, spread);
    for (const step of [50, 100, 200]) {
      const loss = recorded[step - 1] as number;
      const limit = bound[step - 1] as number;
      expect(limit / loss, `limit of step ${step}`).toBeLessThanOrEqual(0.0201);
      expect(Math.abs((ours[step - 1] as number) - loss), `step ${step}`).toBeLessThanOrEqual(
        limit,
      );
    }
  },
);

/** The bridge of this checkout records the run with other numbers. */
const RECORD = `
import json, sys
given = json.loads(sys.argv[1])
sys.path.insert(0, given["source"])
from gradproof_bridge.cli import main
sys.exit(main(["record", "--ops", given["name"], "--seed", "7", given["place"]]))
`;

const reason = noTransformers();

describe.skipIf(reason)(`PEFT and bitsandbytes, live${reason ? `: ${reason}` : ''}`, () => {
  test('the first 20 losses are theirs, of weights and texts that no one recorded before', async () => {
    const place = mkdtempSync(join(tmpdir(), 'qlora-'));
    try {
      const source = fileURLToPath(new URL('../../../bridge/src', import.meta.url));
      runPython(RECORD, { source, name: NAME, place });
      const [{ name }] = JSON.parse(readFileSync(join(place, 'INDEX.json'), 'utf8')).cases;
      const live = runIn(join(place, `${name}.safetensors`));
      expect(live.recorded[0]).not.toBe(shipped.recorded[0]);
      const ours = await lossesOf(live, EARLY);
      expect(Math.max(...shares(ours, live.recorded))).toBeLessThanOrEqual(APART);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  });
});
