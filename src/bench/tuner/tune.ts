import type { Gpu } from '../../gpu/gpu.ts';
import type { TuningRow } from '../../gpu/tuning.ts';
import type { Call } from '../../graph/call.ts';
import { launchers } from '../../ops/registry.ts';
import { haveSameConditions } from '../../ops/tuning/told.ts';
import { isUnmeasured, unmeasured } from '../../ops/tuning/unmeasured.ts';
import { type Choosable, chooseVariant, runnableVariants } from '../../ops/variants.ts';
import type { HostTensor } from '../../tensor/host.ts';
import { AssertionError } from '../../testing/context.ts';
import { drawnCall } from '../drawn.ts';
import { CallOracle } from '../oracle.ts';
import { EAGER, EngineWork } from '../ours/engine-work.ts';
import { prepareOp } from '../ours/op.ts';
import type { Clock } from '../stopwatch.ts';
import type { TunedClass } from './classes.ts';
import { type Limits, type Race, type Times, timesOf } from './times.ts';

/** How long measuring may take. Milliseconds. */
const BUDGET_MS = 3000;
/** What is faster is taken if it needs less than this share of the time of the known choice. */
const GAIN = 0.9;

/** A way to run a class: a variant, with the sizes that it reckons or others. */
type Choice = Pick<TuningRow, 'variant' | 'sizes'>;

/** What was taken for a class, and whether everything was tried that could be better. */
interface Found {
  readonly choice: Choice;
  readonly complete: boolean;
}

/** What there is to measure a class with. */
interface Stage {
  readonly gpu: Gpu;
  /** The rows that the device has. */
  readonly before: readonly TuningRow[];
  readonly of: TunedClass;
  readonly op: Choosable;
  readonly call: Call<HostTensor>;
  readonly oracle: CallOracle;
  readonly limits: Limits;
  /** By first kernel, how many times as long as the best a variant took in a class before. */
  readonly slowness: Map<string, number>;
}

/**
 * Times the variants of each class, then the sizes that the fastest offers, and returns a row for
 * each class where something else than what the device would take is faster by a tenth, and right by
 * the oracle, gradients included. Three seconds are shared out over the classes, in their order. A
 * class that could not be finished gets a row that says so ({@link unmeasured}), but for the first:
 * what all the time is too short for is not tried again.
 */
export async function tune(
  gpu: Gpu,
  classes: readonly TunedClass[],
  now: Clock,
  budgetMs = BUDGET_MS,
): Promise<readonly TuningRow[]> {
  const end = now() + budgetMs;
  const slowness: Stage['slowness'] = new Map();
  const rows: TuningRow[] = [];
  for (const [at, of] of classes.entries()) {
    const begun = now();
    if (begun >= end) {
      rows.push(unmeasured(of.row));
      continue;
    }
    const call = drawnCall(of.work);
    const op = launchers.get(of.work.op) as Choosable;
    const known = { variant: chooseVariant(gpu, op, call.inputs) };
    const limits = { now, share: begun + (end - begun) / (classes.length - at), end };
    const oracle = new CallOracle(call);
    const stage = { gpu, before: gpu.tuned, of, op, call, oracle, limits, slowness };
    const found = await fastest(stage, known);
    if (!found.complete && at > 0) rows.push(unmeasured(of.row));
    else if (found.choice !== known) rows.push({ ...found.choice, ...of.row });
  }
  return rows;
}

/**
 * Measures the classes that rows from `before` call unmeasured, all where there are no such rows, and
 * returns what was found, then the rest of `before`.
 */
export async function tuneOn(
  gpu: Gpu,
  classes: readonly TunedClass[],
  now: Clock,
  before?: readonly TuningRow[],
  budgetMs = BUDGET_MS,
): Promise<readonly TuningRow[]> {
  if (!before) return await tune(gpu, classes, now, budgetMs);
  const left = before.filter(isUnmeasured);
  const isLeft = ({ row }: TunedClass) =>
    left.some((one) => haveSameConditions(one, unmeasured(row)));
  const rows = await tune(gpu, classes.filter(isLeft), now, budgetMs);
  return [...rows, ...before.filter((row) => !isUnmeasured(row))];
}

/** The fastest way to run a class: of the variants, then of the sizes of the fastest. */
async function fastest(stage: Stage, known: Choice): Promise<Found> {
  const { gpu, op, limits } = stage;
  const others = runnableVariants(gpu, op)
    .filter((variant) => variant !== known.variant)
    .map((variant): Choice => ({ variant }));
  const half = (limits.now() + limits.share) / 2;
  const variant = await fasterThan({ ...stage, limits: { ...limits, share: half } }, known, others);
  return variant.complete
    ? await fasterThan(stage, variant.choice, sizesOf(op, variant.choice))
    : variant;
}

/** A variant with each of the sizes that it offers. */
function sizesOf({ variants }: Choosable, { variant }: Choice): readonly Choice[] {
  return Object.entries(variants[variant]?.offers ?? {}).flatMap(([name, values]) =>
    values.map((value): Choice => ({ variant, sizes: { [name]: value } })),
  );
}

/** The fastest of the others that needs a tenth less time than `known` and is right, else that. */
async function fasterThan(stage: Stage, known: Choice, others: readonly Choice[]): Promise<Found> {
  if (others.length === 0) return { choice: known, complete: true };
  const { now, end } = stage.limits;
  try {
    const { times, complete } = await timed(stage, [known, ...others]);
    const limit = GAIN * (times.get(known) ?? 0);
    const faster = [...times].filter(([, ms]) => ms < limit).sort(([, a], [, b]) => a - b);
    for (const [choice] of faster) {
      // What was not judged is not taken.
      if (now() >= end) return { choice: known, complete: false };
      if (await isRight(stage, choice)) return { choice, complete };
    }
    return { choice: known, complete };
  } finally {
    stage.gpu.tuned = stage.before;
  }
}

/** Milliseconds of each choice. The table of the device is another one afterwards. */
async function timed(stage: Stage, choices: readonly Choice[]): Promise<Times<Choice>> {
  const { of, op, call, limits, slowness } = stage;
  const { grads: _, wants: __, ...forward } = call;
  const given = of.timesForward ? forward : call;
  const shareMs = limits.share - limits.now();
  const kernelOf = ({ variant }: Choice) => op.variants[variant]?.kernels[0] ?? '';
  const race: Race<Choice> = {
    open: async (choice) => {
      const work = await workOf(stage, given, choice);
      return {
        run: (times) => {
          takeChoice(stage, choice);
          return work.run(times);
        },
        [Symbol.asyncDispose]: () => work[Symbol.asyncDispose](),
      };
    },
    // One run as slow as in a class before would take more than all together have.
    isHopeless: (choice, bestMs) =>
      !choice.sizes && (slowness.get(kernelOf(choice)) ?? 0) * bestMs > shareMs,
  };
  const result = await timesOf(choices, race, limits);
  const best = Math.min(...result.times.values());
  for (const [choice, ms] of result.times)
    if (!choice.sizes) slowness.set(kernelOf(choice), ms / best);
  return result;
}

/** Whether a choice gives what the oracle gives, gradients too where those are wanted. */
async function isRight(stage: Stage, choice: Choice): Promise<boolean> {
  await using work = await workOf(stage, stage.call, choice);
  const results = await work.results();
  try {
    stage.oracle.judge(results);
    return true;
  } catch (error) {
    if (error instanceof AssertionError) return false;
    throw error;
  }
}

async function workOf(stage: Stage, call: Call<HostTensor>, choice: Choice): Promise<EngineWork> {
  takeChoice(stage, choice);
  const runnable = await prepareOp(stage.gpu, { ...call, variant: choice.variant }, EAGER);
  return new EngineWork(stage.gpu, EAGER, runnable);
}

/** Makes the sizes of a choice those that the device takes. */
function takeChoice({ gpu, of, before }: Stage, { variant, sizes }: Choice): void {
  gpu.tuned = sizes ? [{ variant, sizes, ...of.row }, ...before] : before;
}
