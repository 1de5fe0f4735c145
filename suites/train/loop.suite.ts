import type { Examples } from '../../src/data/examples.ts';
import type { Value } from '../../src/reference/record.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import type { FaultDeclaration } from '../../src/testing/fault.ts';
import { suite } from '../../src/testing/suite.ts';
import { GroupedBatches } from '../../src/train/grouped-batches.ts';
import { TrainingLoop } from '../../src/train/loop/training-loop.ts';
import { Optimizer } from '../../src/train/optimizer.ts';
import { numbersOf } from './state-numbers.ts';
import {
  type AccumulatedName,
  accumulate,
  accumulateDropping,
  accumulatedOptimizer,
} from './whole-step/accumulated.ts';
import { judgedRun, type Path } from './whole-step/judged-run.ts';
import { learn } from './whole-step/learnt.ts';
import { dropping, LESSONS } from './whole-step/lessons.ts';
import { LLAMAS } from './whole-step/llama-settings.ts';
import { llamaOf } from './whole-step/llamas.ts';
import { batchesOf, type Setting, STEPS } from './whole-step/setting.ts';
import { SETTINGS, VARIED } from './whole-step/settings.ts';

export const loopSuite = suite('train.loop', {
  description:
    'The one loop that trains everything: micro-batches in captured steps, shapes that vary, states that are gone back to, each held against the replica in float64',
});

type Mistake = readonly [name: string, declare: (fault: FaultDeclaration) => void];

/** An op that is given two numbers gives the second of them. */
const second = (op: string) => (fault: FaultDeclaration) =>
  fault.host(`${op}.forward`, () => (_gpu, { b }) => ({ y: b.clone() }));

const CAPTURED: readonly (readonly [AccumulatedName, Mistake])[] = [
  ['accumulated', ['the last micro-batch stands for all', second('accumulate_grad')]],
  [
    'llama-tied',
    [
      'every part has the weight of the whole',
      (fault) => fault.host('train.share_of', () => () => 1),
    ],
  ],
  ['lora', ['every part weighs alike', (fault) => fault.host('train.share_of', () => () => 1 / 3)]],
  [
    'qdora',
    [
      'the base is decoded as fp4',
      (fault) =>
        fault.launch('lora_linear.forward', ([gpu, inputs, params, variant]) => [
          gpu,
          inputs,
          { ...params, base: 'fp4' },
          variant,
        ]),
    ],
  ],
];

for (const [setting, control] of CAPTURED) {
  loopSuite
    .case('accumulation', { setting: [setting] })
    .tier('full')
    .timeout(60_000)
    .desc(
      'Four replays of one captured step of three micro-batches under a scaled loss: gradients as a whole, the stages behind them, all that a step changes, and what is frozen.',
    )
    .control(...control)
    .run((t) => accumulate(t, setting, 'captured'));
}

/** Shares of the first step of as many parts for all others. */
function sharesStandStill(fault: FaultDeclaration): void {
  fault.host('train.share_of', (original) => {
    const first: number[] = [];
    let calls = 0;
    return (asked, all) => {
      const part = calls++ % 2;
      first[part] ??= original(asked, all);
      return first[part];
    };
  });
}

const VARIED_RUNS: readonly (readonly [Path, Mistake])[] = [
  ['captured', ['a replay has the shares of the capture', sharesStandStill]],
  ['recorded', ['parts weigh alike', (fault) => fault.host('train.share_of', () => () => 0.5)]],
  [
    'eager',
    [
      'every step draws from the first place',
      (fault) => fault.host('random_state.next', () => (base) => base),
    ],
  ],
];

for (const [path, control] of VARIED_RUNS) {
  loopSuite
    .case('varied-batches', { path: [path] })
    .tier('full')
    .timeout(60_000)
    .desc(
      'Four steps of micro-batches of 5 and 3 points, of 3 and 5, of 5 and 3 again, and one of 4, each with other shares of what is asked: with dropout, under a scaled loss, each held against the replica.',
    )
    .control(...control)
    .run((t) => accumulateDropping(t, VARIED.varied, path));
}

loopSuite
  .case('varied-texts')
  .tier('full')
  .timeout(60_000)
  .desc(
    'A Llama learns from two texts of six tokens and three of four in turn, captured: as many tokens are no equal shape.',
  )
  .control('batches with as many elements take one for the other', (fault) =>
    fault.host(
      'train.bucket_of',
      () => (parts: readonly Examples[]) => parts.map(({ labels }) => sizeOf(labels.shape)).join(),
    ),
  )
  .run(async (t) => {
    const setting = VARIED['varied-texts'];
    using model = llamaOf(t, LLAMAS.llama, setting).model;
    using optimizer = accumulatedOptimizer(t, model);
    await judgedRun(t, setting, 'captured', { model, optimizer, shift: true });
  });

const STATISTICS: Mistake = [
  'running statistics go on from where they were',
  (fault) => fault.host('train.restore_statistics', () => () => undefined),
];
const DATA: Mistake = [
  'data go on from where they were',
  (fault) => fault.host('train.seek', () => () => undefined),
];
const MASKS: Mistake = [
  'the first masks come again',
  (fault) => fault.host('random_state.restored', () => () => 0),
];

for (const [path, control] of [
  ['recorded-restored', STATISTICS],
  ['captured-restored', STATISTICS],
] as const) {
  loopSuite
    .case('restored-statistics', { path: [path] })
    .tier('full')
    .timeout(60_000)
    .desc(
      'Convolutions with batch normalization make four steps, go back to the state after the second, and make the last two again, each held against the replica with its running statistics.',
    )
    .control(...control)
    .run((t) => learn(t, 'convolutions', path));
}

for (const [path, control] of [
  ['recorded-restored', DATA],
  ['captured-restored', MASKS],
] as const) {
  loopSuite
    .case('restored-batches', { path: [path] })
    .tier('full')
    .timeout(60_000)
    .desc(
      'Steps of varying micro-batches with dropout are gone back to after the second, and the last two made again, each held against the replica.',
    )
    .control(...control)
    .run((t) => accumulateDropping(t, VARIED.varied, path));
}

/** A run whose state moves more than its parameters, and a run of other weights for the state. */
const RUNS = {
  varied: { setting: VARIED.varied, build: dropping, size: 2 },
  convolutions: {
    setting: SETTINGS.convolutions,
    build: LESSONS.convolutions.build,
    size: 1,
  },
} as const;

/** The state after four steps, the last two of them by a loop that takes over the state before. */
async function endOf(
  t: CaseContext,
  name: keyof typeof RUNS,
  isCaptured: boolean,
  isRestored: boolean,
): Promise<Value> {
  const { setting, build, size } = RUNS[name];
  const batches = batchesOf(setting satisfies Setting, t.seed).flat();
  const loopOf = (model: ReturnType<typeof build>, optimizer: Optimizer) =>
    new TrainingLoop(t.gpu, {
      model,
      optimizer,
      source: new GroupedBatches(batches, size),
      seed: t.seed,
    });
  using model = build(t);
  using optimizer = accumulatedOptimizer(t, model);
  using loop = loopOf(model, optimizer);
  if (isCaptured) await loop.capture();
  for (let step = 1; step <= STEPS / 2; step++) await loop.step();
  if (!isRestored) {
    for (let step = STEPS / 2; step < STEPS; step++) await loop.step();
    return numbersOf(await loop.checkpoint());
  }
  using other = build(t);
  using otherOptimizer = accumulatedOptimizer(t, other);
  using later = loopOf(other, otherOptimizer);
  // It has gone astray before, and asked for the data of a step that it has not made.
  for (let step = 1; step < STEPS; step++) await later.step();
  if (isCaptured) await later.capture();
  later.restore(await loop.checkpoint());
  for (let step = STEPS / 2; step < STEPS; step++) await later.step();
  return numbersOf(await later.checkpoint());
}

for (const [name, control] of [
  ['varied', DATA],
  ['convolutions', STATISTICS],
] as const) {
  for (const path of ['recorded', 'captured'] as const) {
    loopSuite
      .case('same-bits', { run: [name], path: [path] })
      .tier('full')
      .desc(
        'A loop that has gone astray and takes over the state after the second of four steps ends with the bits of a run that was not broken off: parameters, moments, scale, running statistics and random position.',
      )
      .control(...control)
      .run(async (t) => {
        const whole = await endOf(t, name, path === 'captured', false);
        t.expectEqual('state', await endOf(t, name, path === 'captured', true), whole);
      });
  }
}

loopSuite
  .case('buckets')
  .tier('full')
  .desc(
    'Steps of two shapes in turn, captured: from the third on nothing is allocated, and parameters, moments, scale and losses are the bits of steps that are recorded.',
  )
  .control('every step has a bucket of its own', (fault) =>
    fault.host('train.bucket_of', () => {
      let calls = 0;
      return () => String(calls++);
    }),
  )
  .run(async (t) => {
    const run = async (isCaptured: boolean) => {
      using model = dropping(t);
      using optimizer = new Optimizer(t.gpu, model.parameters, { optimizer: 'adamw', lr: 0.01 });
      const [five, three] = batchesOf(VARIED.varied, t.seed).flat() as [Examples, Examples];
      const source = new GroupedBatches([five, three, five, three, five, three], 1);
      using loop = new TrainingLoop(t.gpu, { model, optimizer, source, seed: t.seed });
      if (isCaptured) await loop.capture();
      let before = 0;
      const losses: number[] = [];
      for (let step = 1; await loop.step(); step++) {
        losses.push(await loop.readLoss());
        if (step === 2) t.gpu.memory.resetPeak();
        const { peakBytes } = t.gpu.memory.ledger;
        if (step === 2) before = peakBytes;
        else if (isCaptured && step > 2)
          t.expect(peakBytes === before, () => `replayed step ${step} allocates memory`);
      }
      t.expect(losses.length === 6, () => `${losses.length} steps were made of six`);
      const { data } = numbersOf(await loop.checkpoint());
      return { shape: [data.length + 6], data: Float64Array.from([...data, ...losses]) };
    };
    t.expectEqual('state', await run(true), await run(false));
  });

for (const path of ['recorded', 'captured'] as const) {
  loopSuite
    .case('checkpoints', { path: [path] })
    .tier('full')
    .timeout(60_000)
    .desc(
      'A perceptron with dropout whose parts backward runs again makes four steps of three micro-batches, each held against the replica, which keeps them.',
    )
    .control('other masks the second time', (fault) =>
      fault.host('random_state.from', () => (_state, _at, segment) => segment()),
    )
    .run((t) => accumulateDropping(t, SETTINGS.accumulated, path, { checkpoints: true }));
}
