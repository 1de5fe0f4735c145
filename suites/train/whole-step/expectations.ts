import { mapped } from '../../../src/graph/call.ts';
import { judge } from '../../../src/reference/judge.ts';
import type { Acceptance, Value, Values } from '../../../src/reference/record.ts';
import {
  expectedStep,
  namedState,
  prefixed,
  type SeenGradients,
} from '../../../src/reference/step/expected.ts';
import { gradientsOf, type Passes } from '../../../src/reference/step/gradients.ts';
import { limitsOf, type Spread, spreadOf } from '../../../src/reference/step/spread.ts';
import type { StepState } from '../../../src/reference/step/state.ts';
import { storedRunner } from '../../../src/reference/step/stored-runner.ts';
import { type TrainingRun, trainingRun } from '../../../src/reference/training-run.ts';
import { single } from '../../../src/reference/values.ts';
import type { DType } from '../../../src/tensor/dtype.ts';

/** One comparison with the replica. */
export interface Expectation {
  readonly name: string;
  readonly actual: Value;
  readonly truth: Value;
  readonly acceptance: Acceptance;
}

/** Where a step begins. */
export interface StepStart {
  readonly before: StepState;
  readonly parts: readonly Values[];
  /** Counters of the random numbers that earlier steps used up. */
  readonly position: number;
}

/** What the judged party had and left. */
export interface SeenStep extends SeenGradients {
  readonly after: StepState;
  /** Absent where it is not computed. */
  readonly norm?: Value | undefined;
  /** As `position` after the step; absent where nothing tells. */
  readonly position?: number | undefined;
  /** The mean over all labels, before the update. */
  readonly loss: number;
}

/** A step as the replica has it. */
interface JudgedStep {
  /** Whether a gradient of the party was not finite. */
  readonly isSkipped: boolean;
  readonly expectations: readonly Expectation[];
}

/** What the replica says of a step's gradients. */
export interface Truth {
  readonly passes: Passes;
  /** How far apart those of float32 runs lie; asked for where it decides. */
  readonly spread: () => Promise<Spread>;
}

/** Forward and backward of a step in the replica. */
export function passesOf(
  run: TrainingRun,
  { before, parts, position }: StepStart,
  others: 'float32' | 'float64' = 'float64',
): Promise<Passes> {
  const { trained, scale, statistics } = before;
  const options = { scale, position, statistics };
  return gradientsOf(run, trained, parts, options, storedRunner(others));
}

/** How far apart gradients and running statistics of float32 runs of a step lie. */
export function spreadOfPasses(
  run: TrainingRun,
  products: DType,
  start: StepStart,
): Promise<Spread> {
  return spreadOf(start.before.trained, products, async (trained) => {
    const before = { ...start.before, trained };
    const passes = await passesOf(run, { ...start, before }, 'float32');
    return { ...passes.gradients, ...passes.statistics, loss: single(passes.loss) };
  });
}

/**
 * What a step must be: gradients and running statistics as a whole, every stage behind them from
 * what the party had, and where its random numbers end.
 */
export async function stepExpectations(
  run: TrainingRun,
  { before }: StepStart,
  seen: SeenStep,
  { passes, spread }: Truth,
): Promise<JudgedStep> {
  const { isSkipped, truth, acceptances } = expectedStep(run, before, seen);
  const { given, taken, after, norm, position, loss } = seen;
  const actual: Readonly<Record<string, Value | undefined>> = {
    ...prefixed('gradient', taken),
    norm,
    ...namedState(after),
  };
  const stages = Object.entries(truth).flatMap(([name, value]) => {
    if (name === 'norm' && norm === undefined) return [];
    const acceptance = acceptances[name] as Acceptance;
    return [{ name, actual: actual[name] as Value, truth: value, acceptance }];
  });
  const losses = [{ loss: single(loss) }, { loss: single(passes.loss) }] as const;
  const whole = isSkipped
    ? []
    : [
        ...(await near('gradient as a whole', given, passes.gradients, spread)),
        ...(await near('step', ...losses, spread)),
      ];
  const { statistics } = passes;
  const running = await near('statistic as a whole', after.statistics, statistics, spread);
  const random = position === undefined ? [] : [exact('random', position, passes.position)];
  const expectations = [...whole, ...running, ...stages, ...random];
  return { isSkipped, expectations };
}

/** Where the replica by itself ends, from the same start. */
export async function endExpectations(
  run: TrainingRun,
  products: DType,
  last: StepState,
): Promise<readonly Expectation[]> {
  const end = async (trained: Values, others: 'float32' | 'float64') =>
    namedState((await trainingRun({ ...run, trained }, storedRunner(others))).last);
  return await near('the end', namedState(last), await end(run.trained, 'float64'), () =>
    spreadOf(run.trained, products, (trained) => end(trained, 'float32')),
  );
}

/** The spread takes time: it is made where the least limit does not suffice. */
async function near(
  what: string,
  actual: Values,
  truth: Values,
  spread: () => Promise<Spread>,
): Promise<readonly Expectation[]> {
  const within = (limits: ReturnType<typeof limitsOf>) =>
    Object.values(
      mapped(truth, (value, name) => ({
        name: `${what}: ${name}`,
        actual: actual[name] as Value,
        truth: value,
        acceptance: limits[name] as Acceptance,
      })),
    );
  const least = within(limitsOf(truth));
  const suffices = least.every((each) => judge(each.actual, each.truth, each.acceptance).ok);
  return suffices ? least : within(limitsOf(truth, await spread()));
}

function exact(name: string, actual: number, truth: number): Expectation {
  return { name, actual: single(actual), truth: single(truth), acceptance: { kind: 'exact' } };
}
