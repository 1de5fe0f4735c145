import { WebGpuBackend } from '../../backends/webgpu.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import type { TuningRow } from '../../gpu/tuning.ts';
import { launchers } from '../../ops/registry.ts';
import { type Choosable, chooseVariant } from '../../ops/variants.ts';
import { AssertionError } from '../../testing/context.ts';
import { drawnCall } from '../drawn.ts';
import { CallOracle } from '../oracle.ts';
import { median } from '../statistics/median.ts';
import { type Clock, repeatsOf, timeOfOne } from '../stopwatch.ts';
import type { TunedClass } from './classes.ts';

/** How long measuring may take. Milliseconds. */
const BUDGET_MS = 3000;
const ROUNDS = 3;
/** A variant is taken in place of the one that is known to suit only if it takes less than this share of its time. */
const GAIN = 0.9;

interface Candidate {
  readonly variant: string;
  readonly run: (times: number) => Promise<void>;
  readonly times: number[];
}

/**
 * Times every variant of each class in turn, those that the oracle finds right alone, and returns a
 * row for each class where another than the checked-in choice is faster by a tenth. It ends after
 * three seconds, and classes that it did not come to keep their choice. The order is the classes'.
 */
export async function tune(
  gpu: Gpu,
  classes: readonly TunedClass[],
  now: Clock,
  budgetMs = BUDGET_MS,
): Promise<readonly TuningRow[]> {
  const end = now() + budgetMs;
  const rows: TuningRow[] = [];
  for (const { work, row } of classes) {
    if (now() >= end) break;
    const call = drawnCall(work);
    const op = launchers.get(work.op) as Choosable;
    const known = chooseVariant({ ...factsOf(gpu), tuned: [] }, op, call.inputs);
    const times = await timesOf(gpu, work.op, call, end, now);
    if (!times) break;
    const [fastest] = [...times].sort(([, a], [, b]) => a - b);
    if (fastest && fastest[1] < GAIN * (times.get(known) ?? Number.POSITIVE_INFINITY))
      rows.push({ ...row, variant: fastest[0] });
  }
  return rows;
}

const factsOf = ({ features, limits, widestSubgroup }: Gpu) => ({
  features,
  limits,
  widestSubgroup,
});

/** Milliseconds of each variant that is right; undefined where the time was spent before. */
async function timesOf(
  gpu: Gpu,
  name: string,
  call: ReturnType<typeof drawnCall>,
  end: number,
  now: Clock,
): Promise<ReadonlyMap<string, number> | undefined> {
  const { variants } = launchers.get(name) as Choosable;
  const backend = new WebGpuBackend(gpu);
  const oracle = new CallOracle(call);
  using scope = new Scope();
  const candidates: Candidate[] = [];
  for (const [variant, { needs }] of Object.entries(variants)) {
    if (needs?.some((feature) => !gpu.features.has(feature))) continue;
    const asked = { ...call, variant };
    if (!isRight(oracle, await backend.run(asked))) continue;
    const prepared = scope.add(backend.prepare(asked));
    const run = async (times: number) => {
      for (let i = 0; i < times; i++)
        for (const tensor of Object.values(prepared.forward())) tensor[Symbol.dispose]();
      await gpu.finish();
    };
    candidates.push({ variant, run, times: [] });
    if (now() >= end) return undefined;
  }
  const [first] = candidates;
  if (!first) return new Map();
  const repeats = await repeatsOf(first.run, now);
  for (let round = 0; round < ROUNDS; round++) {
    for (const { run, times } of candidates) {
      times.push(await timeOfOne(run, repeats, now));
      if (now() >= end) return undefined;
    }
  }
  return new Map(candidates.map(({ variant, times }) => [variant, median(times)]));
}

function isRight(oracle: CallOracle, results: Parameters<CallOracle['judge']>[0]): boolean {
  try {
    oracle.judge(results);
    return true;
  } catch (error) {
    if (error instanceof AssertionError) return false;
    throw error;
  }
}
