import type { Gpu } from '../../gpu/gpu.ts';
import type { TuningRow } from '../../gpu/tuning.ts';
import { launchers } from '../../ops/registry.ts';
import { type Choosable, chooseVariant, runnableVariants } from '../../ops/variants.ts';
import { AssertionError } from '../../testing/context.ts';
import { drawnCall } from '../drawn.ts';
import { CallOracle } from '../oracle.ts';
import { EngineWork } from '../ours/engine-work.ts';
import { prepareOp } from '../ours/op.ts';
import { median } from '../statistics/median.ts';
import { type Clock, firstBatch, timeOfOne } from '../stopwatch.ts';
import type { TunedClass } from './classes.ts';

/** How long measuring may take. Milliseconds. */
const BUDGET_MS = 3000;
const ROUNDS = 3;
/** What is faster is taken if it needs less than this share of the time of the known choice. */
const GAIN = 0.9;
/** Each call is recorded anew, as where nothing is captured. */
const EAGER = 'eager';

interface Candidate {
  readonly variant: string;
  readonly work: EngineWork;
  readonly times: number[];
}

/**
 * Times every variant of each class in turn, those that the oracle finds right alone, and returns a
 * row for each class where another than the one that the device would take is faster by a tenth. It
 * ends after three seconds, and classes that it did not come to keep their choice. The order is the
 * classes'.
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
    const known = chooseVariant(gpu, op, call.inputs);
    const times = await timesOf(gpu, runnableVariants(gpu, op), call, end, now);
    if (!times) break;
    const [fastest] = [...times].sort(([, a], [, b]) => a - b);
    if (fastest && fastest[1] < GAIN * (times.get(known) ?? Number.POSITIVE_INFINITY))
      rows.push({ ...row, variant: fastest[0] });
  }
  return rows;
}

/** Milliseconds of each variant that is right; undefined where the time was spent before. */
async function timesOf(
  gpu: Gpu,
  variants: readonly string[],
  call: ReturnType<typeof drawnCall>,
  end: number,
  now: Clock,
): Promise<ReadonlyMap<string, number> | undefined> {
  const oracle = new CallOracle(call);
  const candidates: Candidate[] = [];
  try {
    for (const variant of variants) {
      const runnable = await prepareOp(gpu, { ...call, variant }, EAGER);
      const work = new EngineWork(gpu, EAGER, runnable);
      const candidate = { variant, work, times: [] };
      candidates.push(candidate);
      if (!(await isRight(oracle, work))) await candidates.pop()?.work[Symbol.asyncDispose]();
      if (now() >= end) return undefined;
    }
    const [first] = candidates;
    if (!first) return new Map();
    const { repeats } = await firstBatch((times) => first.work.run(times), now);
    for (let round = 0; round < ROUNDS; round++) {
      for (const { work, times } of candidates) {
        times.push(await timeOfOne((count) => work.run(count), repeats, now));
        if (now() >= end) return undefined;
      }
    }
    return new Map(candidates.map(({ variant, times }) => [variant, median(times)]));
  } finally {
    for (const { work } of candidates) await work[Symbol.asyncDispose]();
  }
}

async function isRight(oracle: CallOracle, work: EngineWork): Promise<boolean> {
  const results = await work.results();
  try {
    oracle.judge(results);
    return true;
  } catch (error) {
    if (error instanceof AssertionError) return false;
    throw error;
  }
}
