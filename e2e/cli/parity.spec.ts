import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors } from '../../src/formats/safetensors/write.ts';
import { readReport } from '../../src/harness/report/read.ts';
import { hostTensorFrom } from '../../src/tensor/host.ts';
import { gradproof } from './gradproof.ts';
import { expect, test } from './scratch.ts';

/** A recording of [1 2; 3 4] [5 6; 7 8], whose right answer is [19 22; 43 50]. */
function recording(y: readonly number[]): Uint8Array {
  const tensor = (values: readonly number[]) => hostTensorFrom('f32', [2, 2], values);
  const metadata = { schema: 'parity-bundle/1', op: 'matmul', params: '{}', producer: 'by hand 1.0', device: 'cpu' };
  return writeSafetensors({ 'in.a': tensor([1, 2, 3, 4]), 'in.b': tensor([5, 6, 7, 8]), 'out.y': tensor(y) }, metadata);
}

for (const runtime of ['chromium', 'node']) {
  test(`replays files and folders in ${runtime}`, async ({ folder }) => {
    const report = join(folder, 'report.json');
    mkdirSync(join(folder, 'bundles'));
    writeFileSync(join(folder, 'right.safetensors'), recording([19, 22, 43, 50]));
    writeFileSync(join(folder, 'bundles/off.safetensors'), recording([19, 22, 43, 51]));
    writeFileSync(join(folder, 'bundles/cut.safetensors'), recording([19, 22, 43, 50]).subarray(0, 200));
    const args = ['--parity', join(folder, 'right.safetensors'), '--parity', join(folder, 'bundles'), '--runtime', runtime];
    const { status } = await gradproof([...args, '--report', report]);
    expect(status).toBe(1); // the cut one in the folder is an error, and the rest ran
    const { results } = readReport(readFileSync(report), 'report.json');
    expect(results.map(({ id, status, finding }) => [id.split(':')[1], status, finding?.code])).toEqual(
      expect.arrayContaining([
        ['right', 'pass', undefined],
        ['off', 'pass', 'producer-deviates'],
        ['cut', 'error', undefined],
      ]),
    );
    expect(results).toHaveLength(3);
  });
}

test('a truncated bundle that is named is refused in one line', async ({ folder }) => {
  const file = join(folder, 'cut.safetensors');
  writeFileSync(file, recording([19, 22, 43, 50]).subarray(0, 200));
  const { status, stderr } = await gradproof(['--parity', file]);
  expect([status, stderr]).toEqual([2, expect.stringMatching(/^gradproof: [^\n]*cut\.safetensors[^\n]+\n$/)]);
});
