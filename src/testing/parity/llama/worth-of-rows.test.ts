import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTrainLlama } from '../../../formats/parity-bundle/train-llama.ts';
import { readParityBundle } from '../../../formats/parity-bundle.ts';
import { outputsOf } from '../../../reference/llama/limits.ts';
import { llamaRun } from '../../../reference/llama/run.ts';
import type { Value } from '../../../reference/record.ts';
import { valuesOfStored } from '../fit.ts';
import { worthOf } from '../planted.ts';
import { outputName } from './names.ts';
import { RunLimits } from './run-limits.ts';
import { startOf } from './start.ts';

const RECORDED = join(import.meta.dirname, '../../../../public/parity');

/** Of the numbers of a row in F32: in how many the judge would notice an error of 1 %. */
async function worthOfRow(file: string) {
  const { params: given, tensors } = readParityBundle(readFileSync(join(RECORDED, file)));
  const params = readTrainLlama(given);
  const run = startOf(params, tensors.inputs);
  const limits = new RunLimits(run, true);
  const truths = outputsOf(await llamaRun(run));
  const asked = Object.entries(valuesOfStored(tensors.outputs, {}))
    .filter(([name]) => limits.holds(outputName(name)) && tensors.outputs[name]?.dtype === 'F32')
    .map(async ([label, actual]) => {
      const name = outputName(label);
      const truth = truths[name] as Value;
      const acceptance = await limits.widest(name, { actual, truth });
      return {
        actual,
        truth,
        acceptance,
        unjudged: limits.unjudged(name, truth),
        dtype: 'F32' as const,
      };
    });
  return { autocast: params.autocast_dtype !== undefined, ...worthOf(await Promise.all(asked)) };
}

test('of rows under autocast no error of 1 % in F32 is noticed, of the others 73 %', async () => {
  const files = readdirSync(RECORDED, { recursive: true, encoding: 'utf8' });
  const rows = await Promise.all(
    files.filter((file) => /llama_row_\d+\./.test(file)).map(worthOfRow),
  );
  const counted = (autocast: boolean) => {
    const own = rows.filter((row) => row.autocast === autocast);
    const sum = (of: 'planted' | 'noticed') => own.reduce((n, row) => n + row[of], 0);
    return { rows: own.length, planted: sum('planted'), noticed: sum('noticed') };
  };
  expect(counted(true)).toEqual({ rows: 20, planted: 6320, noticed: 0 });
  const { rows: others, planted, noticed } = counted(false);
  expect([others, planted, Math.round((100 * noticed) / planted)]).toEqual([20, 12_352, 73]);
});
