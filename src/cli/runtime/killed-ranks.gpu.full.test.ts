import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gpu } from '../../gpu/gpu.ts';
import { Random } from '../../tensor/random.ts';
import { KeptInMemory } from '../../train/checkpoint/fixtures/kept-in-memory.ts';
import { SHARDING_STRATEGIES, type ShardingStrategy } from '../../train/sharded/strategies.ts';
import type { RankFault } from './fixtures/run-rank-thread.ts';
import { SharedRuns } from './fixtures/shared-runs.ts';
import { courseOf, KINDS, stepsOf } from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Workers that die in one run, each where a seed draws: `npm run soak -- shards` more. */
const DEATHS = Number(process.env['GRADPROOF_FAULTS'] ?? 2);
const SEED = Number(process.env['GRADPROOF_SEED'] ?? Date.now() % 1e6);
/** Steps that one keeps at most before it dies, and so what lies between two deaths. */
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

/** Where a worker dies: in a step, while a checkpoint is gathered, or while it is written. */
const PLACES = ['step', 'gathering', 'writing'] as const;

/** What ranks have parts of: both moments of AdamW. */
const gatheredBy = (strategy: ShardingStrategy): number => (strategy === 'ddp' ? 0 : 2);

/** A death when so many steps are kept, and the step in which it is noticed, from there on. */
interface Death {
  readonly kept: number;
  readonly fault: RankFault;
  readonly noticed: number;
}

function drawnDeath(random: Random, strategy: ShardingStrategy): Death {
  const kept = random.integer(1, MOST_STEPS);
  const place = PLACES[random.integer(0, PLACES.length - 1)];
  const all = gatheredBy(strategy);
  if (place === 'writing')
    return { kept, fault: { stuckKeeping: { checkpoint: kept, given: all } }, noticed: 1 };
  if (place === 'step' || all === 0) return { kept, fault: { stuckIn: kept + 1 }, noticed: 1 };
  const given = random.integer(0, all - 1);
  return { kept, fault: { stuckKeeping: { checkpoint: kept + 1, given } }, noticed: 2 };
}

test.for(SHARDING_STRATEGIES)(
  `${DEATHS} workers that die, drawn from ${SEED}, leave the bits of a run without them (%s)`,
  { timeout: LIMIT_MS },
  async (strategy, { annotate }) => {
    const random = new Random(SEED);
    const deaths = Array.from({ length: DEATHS }, () => drawnDeath(random, strategy));
    const kept = deaths.map((_, i) =>
      deaths.slice(0, i + 1).reduce((sum, one) => sum + one.kept, 0),
    );
    const steps = (kept.at(-1) ?? 0) + 2;
    const fields = {
      ...{ ...KINDS['lora with dropout'], max_grad_norm: 0.3, heldout_fraction: 0 },
      max_steps: steps,
      // No two die after the same checkpoint.
      recovery: { max_rollbacks: 1 },
    };
    const whole = await runs.run(gpu, fields, { strategy });
    const survived = await runs.run(gpu, fields, {
      ...{ strategy, folder: new KeptInMemory(), every: 1 },
      faults: deaths.map(({ fault }) => fault),
    });
    const resumed = survived.told.flatMap((one) => (one.type === 'resumed-from' ? [one] : []));
    // What is half gathered leaves no file.
    expect(resumed.map(({ step, broken }) => [step, broken])).toEqual(kept.map((to) => [to, []]));
    const history = resumed.at(-1);
    const told = history?.history ?? [];
    expect(told.filter(({ type }) => type === 'rank-lost')).toMatchObject(
      deaths.map(({ noticed }, i) => {
        const to = kept[i] as number;
        return { step: to + noticed, to, rank: 1, why: 'its worker ended' };
      }),
    );
    const last = survived.told.indexOf(history as (typeof survived.told)[number]);
    const all = courseOf([...told, ...survived.told.slice(last + 1)]);
    expect(stepsOf(all)).toEqual(stepsOf(courseOf(whole.told)));
    expect(survived.trained).toEqual(whole.trained);
    const gathering = deaths.filter(({ noticed }) => noticed === 2).length;
    await annotate(
      `${strategy}: ${DEATHS} workers died in ${steps} steps, ${gathering} while a checkpoint was gathered, and the weights are bit-equal`,
    );
  },
);
