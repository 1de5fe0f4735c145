import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Gpu } from '../../gpu/gpu.ts';
import type { HostTensor } from '../../tensor/host.ts';
import { modelFolder, modelOf, REACH, verdict } from './fixtures/parted-tables.ts';
import { SharedRuns } from './fixtures/shared-runs.ts';
import { courseOf, stepsOf } from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';
import { withReach } from './fixtures/usual-limits.ts';

/** Workers share a training whose tables lie in parts, beside one of whole tables. */

let gpu: Gpu;
let small: Gpu;
let runs: SharedRuns;
beforeAll(async () => {
  runs = await SharedRuns.build({ folder: modelFolder(true), model: modelOf(true) });
  gpu = await softwareGpu();
  small = await Gpu.request(await withReach(REACH, 2 ** 28));
}, 240_000);
afterAll(() => {
  runs[Symbol.dispose]();
  gpu[Symbol.dispose]();
  small[Symbol.dispose]();
});

vi.setConfig({ testTimeout: 240_000 });

const FULL = { type: 'full', max_grad_norm: 0.3, per_device_train_batch_size: 1 };
const BESIDE = {
  type: 'lora',
  lora: { target_modules: ['q_proj'], modules_to_save: ['lm_head'] },
  per_device_train_batch_size: 1,
};

test.each([
  ['ddp', FULL],
  ['ddp', { ...FULL, optim: 'adamw_8bit' }],
  ['shard_grad_op', FULL],
  ['full_shard', FULL],
  ['full_shard', BESIDE],
] as const)('%s with %j', async (strategy, fields) => {
  const whole = await runs.run(gpu, fields, { strategy });
  const inParts = await runs.run(small, fields, { strategy, reach: REACH });
  const losses = ({ told }: typeof whole) => stepsOf(courseOf(told)).map(({ loss }) => loss ?? 0);
  expect(verdict('losses', losses(inParts), losses(whole))).toMatchObject({ ok: true });
  expect(Object.keys(inParts.trained)).toEqual(Object.keys(whole.trained));
  for (const [name, truth] of Object.entries(whole.trained)) {
    const own = inParts.trained[name] as HostTensor;
    expect(verdict(name, own.data, truth.data), name).toMatchObject({ ok: true });
  }
});
