import { expect, test } from 'vitest';
import { readTrainLlama } from '../../../formats/parity-bundle/train-llama.ts';
import { simulatedRun, spreadOf } from '../../../reference/llama/spread.ts';
import { recordingOf } from './fixtures/recording.ts';
import { recorded, STEPS } from './fixtures/tiny-run.ts';
import { startOf } from './start.ts';

const { params, tensors } = recorded({
  losses: { shape: [STEPS], data: new Float64Array(STEPS) },
});
const run = startOf(readTrainLlama(params), tensors.inputs);

test('curves spread as far as five runs lie apart, and never less than the step before', async () => {
  const environment = { rounding: 'random', contraction: true, flush: false } as const;
  const runs = await Promise.all([0, 1, 2, 3, 4].map((n) => simulatedRun(run, environment, n)));
  const spread = await spreadOf(run);
  for (const curve of ['losses', 'grad_norms'] as const) {
    const [first, second, third] = [0, 1, 2].map((step) => {
      const values = runs.map((ran) => ran[curve]?.data[step] as number).sort((a, b) => a - b);
      return (values[4] as number) - (values[0] as number);
    }) as [number, number, number];
    const later = Math.max(first, second);
    expect([...spread[curve]]).toEqual([first, later, Math.max(later, third)]);
    // Float32 keeps seven digits.
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(1e-4);
  }
});

test('of steps after one that overflowed, curves spread as far as before', async () => {
  const row = recordingOf('llama_row_12');
  const { grad_norms } = await spreadOf(startOf(row.params, row.inputs));
  const [first, overflowed, third, fourth] = grad_norms as unknown as [
    ...[number, number, number, number],
  ];
  expect(first).toBeGreaterThan(0);
  expect(overflowed).toBe(first);
  expect(third).toBeGreaterThanOrEqual(first);
  expect(fourth).toBeGreaterThanOrEqual(third);
});
