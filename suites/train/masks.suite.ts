import type { Examples } from '../../src/data/examples.ts';
import { Scope } from '../../src/gpu/scope.ts';
import { record as dropout } from '../../src/reference/nn/dropout.ts';
import type { Acceptance, Value } from '../../src/reference/record.ts';
import { countsOf } from '../../src/reference/step/random.ts';
import { valuesOfHosts } from '../../src/reference/values.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import type { FaultDeclaration } from '../../src/testing/fault.ts';
import { suite } from '../../src/testing/suite.ts';
import { Learner } from '../../src/train/learner.ts';
import type { LoopState } from '../../src/train/loop/training-loop.ts';
import { runMiniTraining } from '../../src/train/mini-training.ts';
import { Optimizer } from '../../src/train/optimizer.ts';
import { numbersOf } from './state-numbers.ts';
import { uniformsStandStill } from './uniforms-stand-still.ts';
import { DroppingPerceptron } from './whole-step/dropping-perceptron.ts';
import { PARTS } from './whole-step/parts.ts';
import { batchesOf, STEPS, WEIGHTS } from './whole-step/setting.ts';
import { MLP, P, POINTS, SETTINGS } from './whole-step/settings.ts';

export const masksSuite = suite('train.masks', {
  description: 'What is dropped in each layer, micro-batch and step of a training',
});

/** A dropout of a run, in the order in which they were made. */
interface Dropped {
  readonly x: Value;
  readonly y: Value;
}

const ANY = { depth: (terms: number) => terms, ieee: false };

/** Every dropout of four steps of three micro-batches. */
async function droppedIn(t: CaseContext, seed: number): Promise<readonly Dropped[]> {
  using model = new DroppingPerceptron(t.gpu, MLP, P, t.random(WEIGHTS));
  using optimizer = new Optimizer(t.gpu, model.parameters, { optimizer: 'sgd', lr: 0.1 });
  const copies: { readonly x: Tensor; readonly y: Tensor }[] = [];
  const batches = batchesOf(SETTINGS.accumulated, t.seed).flat();
  await runMiniTraining(t.gpu, model, batches, optimizer, STEPS, {
    seed,
    accumulation: PARTS,
    watch: ({ op, inputs, outputs, grads }) => {
      const { x } = inputs;
      const { y } = outputs;
      if (op.name === 'dropout' && !grads && x && y) copies.push({ x: x.clone(), y: y.clone() });
    },
  });
  const dropped: Dropped[] = [];
  for (const copy of copies) {
    using x = copy.x;
    using y = copy.y;
    dropped.push(valuesOfHosts({ x: await x.read(), y: await y.read() }));
  }
  return dropped;
}

/** Which elements stay: of each 1 or 0. */
const maskOf = ({ y }: Dropped): string => y.data.map((value) => Number(value !== 0)).join('');
const masksOf = (dropped: readonly Dropped[]): string => dropped.map(maskOf).join();

/** Asserts that each dropout drops what the generator says where the one before it ended. */
function expectDocumented(t: CaseContext, dropped: readonly Dropped[], count: number): void {
  t.expect(dropped.length === count, () => `${dropped.length} dropouts were made`);
  let offset = 0;
  for (const [i, { x, y }] of dropped.entries()) {
    const params = { p: P, seed: t.seed, offset };
    const truth = dropout.forward({ x }, params).y;
    const { y: acceptance } = dropout.acceptance({ x }, { y: truth }, params, ANY);
    t.expectAccepted(`dropout ${i + 1}`, y, truth, acceptance as Acceptance);
    offset += countsOf(x.data.length);
  }
  const masks = new Set(dropped.map(maskOf));
  t.expect(masks.size === count, () => 'two dropouts have one mask');
}

masksSuite
  .case('documented-positions')
  .tier('full')
  .desc(
    'Every dropout of four steps of three micro-batches drops what the generator says at its place: layers, micro-batches and steps draw one behind the other, four numbers a count; no two masks are alike, the same seed gives the same ones and another seed others.',
  )
  .control('every step draws from the first place', (fault) =>
    fault.host('random_state.next', () => (base) => base),
  )
  .run(async (t) => {
    const dropped = await droppedIn(t, t.seed);
    expectDocumented(t, dropped, STEPS * PARTS * 2);
    const again = await droppedIn(t, t.seed);
    t.expect(masksOf(again) === masksOf(dropped), () => 'the same seed drops others');
    const other = await droppedIn(t, t.seed + 1);
    t.expect(masksOf(other) !== masksOf(dropped), () => 'another seed drops the same');
  });

/** How a step is made: recorded anew, or replayed from a capture. */
type Path = 'eager' | 'captured';

/** A learner of a perceptron whose dropouts of the last step can be read, however it was made. */
class WatchedLearner implements Disposable {
  readonly learner: Learner;
  readonly #seen: readonly (readonly [x: Tensor, y: Tensor])[];
  readonly #owned: Scope;
  #isCaptured = false;

  constructor(t: CaseContext, seed: number, weights: number) {
    using owned = new Scope();
    const empty = () => owned.add(Tensor.empty(t.gpu, 'f32', [POINTS, MLP.hidden]));
    const seen = { dropout1: [empty(), empty()], dropout2: [empty(), empty()] } as const;
    const model = new DroppingPerceptron(t.gpu, MLP, P, t.random(weights), {
      watch: (name, x, y) => {
        seen[name][0].copyFrom(x);
        seen[name][1].copyFrom(y);
      },
    });
    this.learner = owned.add(
      new Learner(t.gpu, owned.add(model), {
        optimizer: { optimizer: 'sgd', lr: 0.1, momentum: 0.9 },
        batchSize: 1, // batches are those of the setting, whatever is asked for
        draw: (_, random) => SETTINGS.dropout.draw(1, random)[0] as Examples,
        seed,
      }),
    );
    this.#seen = Object.values(seen);
    this.#owned = owned.move();
  }

  /** Makes two steps, and returns their dropouts. */
  async half(path: Path): Promise<readonly Dropped[]> {
    const { learner } = this;
    if (path === 'captured' && !this.#isCaptured) {
      await learner.capture();
      this.#isCaptured = true;
    }
    const dropped: Dropped[] = [];
    for (let step = 0; step < STEPS / 2; step++) {
      if (path === 'captured') await learner.step();
      else await learner.judgedStep(async () => undefined);
      for (const [x, y] of this.#seen)
        dropped.push(valuesOfHosts({ x: await x.read(), y: await y.read() }));
    }
    return dropped;
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}

/** What four steps dropped, and the state that they led to. */
interface Learnt {
  readonly dropped: readonly Dropped[];
  readonly state: LoopState;
}

/**
 * Four steps, the first two and the last two on a path each; with `restored`, a learner that begins
 * with other weights takes the state after the second over.
 */
async function learnt(
  t: CaseContext,
  seed: number,
  [before, after]: readonly [Path, Path],
  restored: boolean,
): Promise<Learnt> {
  using first = new WatchedLearner(t, seed, WEIGHTS);
  const early = await first.half(before);
  using second = restored ? new WatchedLearner(t, seed, WEIGHTS + 1) : undefined;
  second?.learner.restore(await first.learner.checkpoint());
  const last = second ?? first;
  const late = await last.half(after);
  return { dropped: [...early, ...late], state: await last.learner.checkpoint() };
}

/** What a control breaks, with its name. */
type Mistake = readonly [name: string, declare: (fault: FaultDeclaration) => void];

const STEPS_ALIKE: Mistake = [
  'every step draws from the first place',
  (fault) => fault.host('random_state.next', () => (base) => base),
];
const REPLAYS_ALIKE: Mistake = [
  'every replayed step has the masks of the first',
  uniformsStandStill,
];

/** The paths of a run, with what is wrong in its control. */
const RUNS = {
  eager: { paths: ['eager', 'eager'], control: STEPS_ALIKE },
  captured: { paths: ['captured', 'captured'], control: REPLAYS_ALIKE },
  'captured-then-eager': { paths: ['captured', 'eager'], control: REPLAYS_ALIKE },
  'eager-then-captured': { paths: ['eager', 'captured'], control: REPLAYS_ALIKE },
} as const;

for (const [name, { paths, control }] of Object.entries(RUNS)) {
  masksSuite
    .case('learner', { paths: [name] })
    .tier('full')
    .desc(
      'Every dropout of four steps of a learner drops what the generator says at its place, on one path or first on one and then on the other; the same seed gives the same bits, and another seed drops others.',
    )
    .control(...control)
    .run(async (t) => {
      const { dropped, state } = await learnt(t, t.seed, paths, false);
      expectDocumented(t, dropped, STEPS * 2);
      const again = await learnt(t, t.seed, paths, false);
      t.expect(masksOf(again.dropped) === masksOf(dropped), () => 'the same seed drops others');
      t.expectEqual('state', numbersOf(again.state), numbersOf(state));
      const other = await learnt(t, t.seed + 1, paths, false);
      t.expect(masksOf(other.dropped) !== masksOf(dropped), () => 'another seed drops the same');
    });

  masksSuite
    .case('restored', { paths: [name] })
    .tier(name === 'captured' ? 'quick' : 'full')
    .desc(
      'A learner that takes over the state after the second of four steps drops what the generator says at the places behind it, and ends with the bits of a run that was not broken off.',
    )
    .control('the restored learner draws from the first place', (fault) =>
      fault.host('random_state.restored', () => () => 0),
    )
    .run(async (t) => {
      const { dropped, state } = await learnt(t, t.seed, paths, true);
      expectDocumented(t, dropped, STEPS * 2);
      const whole = await learnt(t, t.seed, paths, false);
      t.expectEqual('state', numbersOf(state), numbersOf(whole.state));
    });
}
