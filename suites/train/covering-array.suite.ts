import { suite } from '../../src/testing/suite.ts';
import { CONTROL_OF } from './covering-array/controls.ts';
import { ROWS } from './covering-array/rows.ts';
import { runRow } from './covering-array/run-row.ts';

export const coveringArray = suite('train.covering-array', {
  description:
    'Every option of training together with each value of every other one: optimizer, schedule, warmup, accumulation, clipping, loss scaling with and without an overflow, autocast, dropout, checkpointing, capture and restore, adapters, a tied head, a smaller last batch. Four steps of a small Llama each, held against a replica in float64',
});

/** A row that takes little time; those of half formats need kernels of their own. */
const QUICK: readonly number[] = [2];

for (const [i, row] of ROWS.entries()) {
  const { option, name, declare } = CONTROL_OF.get(row) as NonNullable<
    ReturnType<typeof CONTROL_OF.get>
  >;
  const values = Object.entries(row).map(([each, value]) => `${each} ${value}`);
  coveringArray
    .case('row', { n: [i + 1] })
    .tier(QUICK.includes(i + 1) ? 'quick' : 'full')
    .timeout(120_000)
    .desc(`${values.join(', ')}.`)
    .control(`${option}: ${name}`, declare(row))
    .run((t) => runRow(t, row));
}
