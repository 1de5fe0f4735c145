import { afterAll, beforeAll, expect, test } from 'vitest';
import { readParityBundle } from '../../formats/parity-bundle.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { replayCase } from '../../harness/parity.ts';
import { loadCases } from '../../harness/registry.ts';
import { runCase } from '../../harness/worker/run-case.ts';
import { wrapSeam } from '../../seam.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { Diagnostics } from '../../testing/diagnosis.ts';
import type { Case } from '../../testing/suite.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/**
 * Whose fault a wrong element is, and the file that shows it alone. Runs on npm webgpu with a
 * browser's SwiftShader.
 */

let gpu: Gpu;

beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const conditions = () => ({
  ieee: true,
  seed: 1,
  control: false,
  diagnostics: new Diagnostics(60_000),
});
const silu = async () => (await loadCases()).get('ops.nn.silu:legal;x=7x37 webgpu') as Case;

test('a broken kernel is named; its reproduction is one row, fails alone, and passes once the kernel is repaired', async () => {
  const broken = gpu.recorder.pipelines.edit('nn/silu', {
    from: '(1.0 + exp(',
    to: '(1.0 + 0.5 * exp(',
  });
  const { outcome, files } = await runCase(await await silu(), gpu, conditions());
  expect(outcome).toMatchObject({
    status: 'fail',
    fault: 'kernel',
    error: { code: 'out-of-bound', at: { index: [0, 0] } },
  });
  const [file] = files;
  if (!file) throw new Error('there is no reproduction');
  expect(outcome.artifacts).toMatchObject([
    { name: file.name, bytes: file.data.byteLength },
    { name: 'kernels.json' },
  ]);
  expect(outcome.error?.message).toContain(`--parity ${file.name}`);
  expect(readParityBundle(file.data).tensors.inputs['x']?.shape).toEqual([1, 37]);

  const replay = replayCase({ name: 'alone', bytes: file.data });
  expect((await runCase(replay, gpu, conditions())).outcome).toMatchObject({
    status: 'fail',
    fault: 'kernel',
  });
  broken[Symbol.dispose]();
  expect((await runCase(replay, gpu, conditions())).outcome).toMatchObject({ status: 'pass' });
  expect((await runCase(await await silu(), gpu, conditions())).outcome).toMatchObject({
    status: 'pass',
  });
});

test('an element that is wrong only once is no fault of the kernel, and has no reproduction', async () => {
  using wrong = Tensor.from(gpu, hostTensorFrom('f32', [1], [1000]));
  let calls = 0;
  using _ = wrapSeam('silu.forward', (original) => (...args) => {
    const results = original(...args) as { readonly y: Tensor };
    if (calls++ === 0)
      gpu.copy(wrong.binding, { ...results.y.binding, offset: 4 * (2 * 37 + 5) }, 4);
    return results;
  });
  const { outcome, files } = await runCase(await await silu(), gpu, conditions());
  expect(outcome).toMatchObject({
    status: 'fail',
    fault: 'driver',
    error: { at: { index: [2, 5], actual: 1000 } },
  });
  expect(files).toEqual([]);
});

test('no cause is looked for unless asked, as in a control', async () => {
  using _ = gpu.recorder.pipelines.edit('nn/silu', {
    from: '(1.0 + exp(',
    to: '(1.0 + 0.5 * exp(',
  });
  const { outcome, files } = await runCase(await await silu(), gpu, {
    ieee: true,
    seed: 1,
    control: false,
  });
  expect(outcome.status).toBe('fail');
  expect(outcome.fault).toBeUndefined();
  expect(files).toEqual([]);
});
