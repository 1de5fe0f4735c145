import type { Gpu } from '../../gpu/gpu.ts';
import type { TuningRow } from '../../gpu/tuning.ts';
import { launchers } from '../../ops/registry.ts';
import { type Choosable, chooseVariant, runnableVariants } from '../../ops/variants.ts';
import { median } from '../../report/median.ts';
import { AssertionError } from '../../testing/context.ts';
import { drawnCall } from '../drawn.ts';
import { CallOracle } from '../oracle.ts';
import { EAGER, EngineWork } from '../ours/engine-work.ts';
import { prepareOp } from '../ours/op.ts';
import { type Clock, firstBatch, timeOfOne } from '../stopwatch.ts';
import type { TunedClass } from './classes.ts';

/** How long measuring may take. Milliseconds. */
const BUDGET_MS = 3000;
const ROUNDS = 3;
/** What is faster is taken if it needs less than this share of the time of the known choice. */
const GAIN = 0.9;

/** A way to run a class: a variant, with the sizes that it reckons or others. */
type Choice = Pick<TuningRow, 'variant' | 'sizes'>;

interface Candidate {
  readonly choice: Choice;
  readonly work: EngineWork;
  readonly times: number[];
}

/** What there is to measure a class with. */
interface Stage {
  readonly gpu: Gpu;
  readonly of: TunedClass;
  readonly call: ReturnType<typeof drawnCall>;
  readonly oracle: CallOracle;
  readonly end: number;
  readonly now: Clock;
}

/**
 * Times every variant of each class in turn, those that the oracle finds right alone, then the
 * sizes that the fastest offers, and returns a row for each class where something else than what the
 * device would take is faster by a tenth. It ends after three seconds, and classes that it did not
 * come to keep their choice. The order is the classes'.
 */
export async function tune(
  gpu: Gpu,
  classes: readonly TunedClass[],
  now: Clock,
  budgetMs = BUDGET_MS,
): Promise<readonly TuningRow[]> {
  const end = now() + budgetMs;
  const rows: TuningRow[] = [];
  for (const of of classes) {
    if (now() >= end) break;
    const call = drawnCall(of.work);
    const op = launchers.get(of.work.op) as Choosable;
    const stage = { gpu, of, call, oracle: new CallOracle(call), end, now };
    const known = { variant: chooseVariant(gpu, op, call.inputs) };
    const others = runnableVariants(gpu, op)
      .filter((variant) => variant !== known.variant)
      .map((variant): Choice => ({ variant }));
    const variant = await fasterThan(stage, known, others);
    if (!variant) break;
    const sized = await fasterThan(stage, variant, sizesOf(op, variant));
    const choice = sized ?? variant;
    if (choice !== known) rows.push({ ...choice, ...of.row });
  }
  return rows;
}

/** A variant with each of the sizes that it offers. */
function sizesOf({ variants }: Choosable, { variant }: Choice): readonly Choice[] {
  return Object.entries(variants[variant]?.offers ?? {}).flatMap(([name, values]) =>
    values.map((value): Choice => ({ variant, sizes: { [name]: value } })),
  );
}

/**
 * The fastest of the others that needs a tenth less time than `known`, else that; undefined where
 * the time was spent before.
 */
async function fasterThan(
  stage: Stage,
  known: Choice,
  others: readonly Choice[],
): Promise<Choice | undefined> {
  if (others.length === 0) return known;
  const times = await timesOf(stage, [known, ...others]);
  if (!times) return undefined;
  const [fastest] = [...times].sort(([, a], [, b]) => a - b);
  const limit = GAIN * (times.get(known) ?? Number.POSITIVE_INFINITY);
  return fastest && fastest[1] < limit ? fastest[0] : known;
}

/** Milliseconds of each choice that is right; undefined where the time was spent before. */
async function timesOf(
  { gpu, of, call, oracle, end, now }: Stage,
  choices: readonly Choice[],
): Promise<ReadonlyMap<Choice, number> | undefined> {
  const before = gpu.tuned;
  const candidates: Candidate[] = [];
  const take = (choice: Choice) => {
    gpu.tuned = choice.sizes ? [{ ...choice, ...of.row }, ...before] : before;
  };
  try {
    for (const choice of choices) {
      take(choice);
      const runnable = await prepareOp(gpu, { ...call, variant: choice.variant }, EAGER);
      const work = new EngineWork(gpu, EAGER, runnable);
      candidates.push({ choice, work, times: [] });
      if (!(await isRight(oracle, work))) await candidates.pop()?.work[Symbol.asyncDispose]();
      if (now() >= end) return undefined;
    }
    const [first] = candidates;
    if (!first) return new Map();
    take(first.choice);
    const { repeats } = await firstBatch((times) => first.work.run(times), now);
    for (let round = 0; round < ROUNDS; round++) {
      for (const { choice, work, times } of candidates) {
        take(choice);
        times.push(await timeOfOne((count) => work.run(count), repeats, now));
        if (now() >= end) return undefined;
      }
    }
    return new Map(candidates.map(({ choice, times }) => [choice, median(times)]));
  } finally {
    gpu.tuned = before;
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
