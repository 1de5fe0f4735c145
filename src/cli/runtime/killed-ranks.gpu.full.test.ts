import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gpu } from '../../gpu/gpu.ts';
import { Random } from '../../tensor/random.ts';
import { KeptInMemory } from '../../train/checkpoint/fixtures/kept-in-memory.ts';
import { SharedRuns } from './fixtures/shared-runs.ts';
import { courseOf, KINDS, stepsOf } from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Workers that die in one run, each in a step that a seed draws: `npm run soak -- shards` more. */
const DEATHS = Number(process.env['GRADPROOF_FAULTS'] ?? 2);
const SEED = Number(process.env['GRADPROOF_SEED'] ?? Date.now() % 1e6);
/** Steps that one makes at most before it dies in the next, and so what lies between two deaths. */
const MOST_STEPS = 3;
const LIMIT_MS = 240_000 + 30_000 * DEATHS;

let gpu: Gpu;
let runs: SharedRuns;
beforeAll(async () => {
  runs = await SharedRuns.build();
  gpu = await softwareGpu();
}, 240_000);
afterAll(() => {
  gpu?.[Symbol.dispose]();
  runs?.[Symbol.dispose]();
});

test.for(['ddp', 'shard_grad_op'] as const)(
  `${DEATHS} workers that die, drawn from ${SEED}, leave the bits of a run without them (%s)`,
  { timeout: LIMIT_MS },
  async (strategy, { annotate }) => {
    const random = new Random(SEED);
    const made = Array.from({ length: DEATHS }, () => random.integer(1, MOST_STEPS));
    const died = made.map((_, i) => made.slice(0, i + 1).reduce((sum, steps) => sum + steps, 1));
    const fields = {
      ...{ ...KINDS['lora with dropout'], max_grad_norm: 0.3, heldout_fraction: 0 },
      max_steps: died.at(-1),
      // No two die after the same checkpoint.
      recovery: { max_rollbacks: 1 },
    };
    const whole = await runs.run(gpu, fields, { strategy });
    const survived = await runs.run(gpu, fields, {
      ...{ strategy, folder: new KeptInMemory(), every: 1 },
      faults: made.map((steps) => ({ stuckIn: steps + 1 })),
    });
    const history = survived.told.findLast(({ type }) => type === 'resumed-from');
    const told = history?.type === 'resumed-from' ? history.history : [];
    expect(told.filter(({ type }) => type === 'rank-lost')).toMatchObject(
      died.map((step) => ({ step, to: step - 1, rank: 1, why: 'its worker ended' })),
    );
    const last = survived.told.indexOf(history as (typeof survived.told)[number]);
    const all = courseOf([...told, ...survived.told.slice(last + 1)]);
    expect(stepsOf(all)).toEqual(stepsOf(courseOf(whole.told)));
    expect(survived.trained).toEqual(whole.trained);
    await annotate(
      `${strategy}: ${DEATHS} workers died in ${died.at(-1)} steps, and the weights are bit-equal`,
    );
  },
);
