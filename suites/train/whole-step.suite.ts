import type { Examples } from '../../src/data/examples.ts';
import { Llama } from '../../src/models/llama/llama.ts';
import { Mlp } from '../../src/models/mlp/mlp.ts';
import type { Model } from '../../src/models/model.ts';
import { SequenceClassifier } from '../../src/models/sequence-classifier/sequence-classifier.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import type { FaultDeclaration } from '../../src/testing/fault.ts';
import { suite, type Tier } from '../../src/testing/suite.ts';
import { Learner, type LearnerConfig } from '../../src/train/learner.ts';
import { runMiniTraining } from '../../src/train/mini-training.ts';
import { Optimizer } from '../../src/train/optimizer.ts';
import type { Stage } from '../../src/train/stage.ts';
import { uniformsStandStill } from './uniforms-stand-still.ts';
import { DroppingPerceptron } from './whole-step/dropping-perceptron.ts';
import { batchesOf, type Setting, STEPS, WEIGHTS } from './whole-step/setting.ts';
import { ADAPTER, CLASSIFIER, LLAMA, MLP, P, PARTS, SETTINGS } from './whole-step/settings.ts';
import { StepJudge } from './whole-step/step-judge.ts';

export const wholeStep = suite('train.whole-step', {
  description:
    'Four steps of training as the engine makes them, each held against a replica in float64: gradients as a whole, every stage behind them, all that a step changes',
});

/** How steps are made: each recorded anew, or replayed from one capture. */
type Path = 'eager' | 'captured';

/** What of a learner's settings is the engine's own. */
type Learnt = Pick<LearnerConfig, 'optimizer' | 'schedule'> &
  Partial<Pick<LearnerConfig, 'max_grad_norm' | 'grad_scaler' | 'autocast'>>;

const MIXED: Learnt = {
  // What is not said here are torch's defaults: the replica has them in numbers.
  optimizer: { optimizer: 'adamw', lr: 0.01 },
  schedule: { name: 'linear', warmup: 2, total: 5 },
  max_grad_norm: 0.01,
  grad_scaler: { init_scale: 1024, growth_interval: 2 },
};

const MOMENTUM: Learnt = {
  optimizer: { optimizer: 'sgd', lr: 0.2, momentum: 0.9, dampening: 0.25, weight_decay: 0.01 },
  schedule: { name: 'cosine', warmup: 1, total: 6 },
};

/** A model that a learner trains. */
interface Lesson {
  readonly build: (t: CaseContext) => Model;
  readonly learnt: Learnt;
}

const mlp = (t: CaseContext) => new Mlp(t.gpu, MLP, t.random(WEIGHTS));
const dropping = (t: CaseContext) => new DroppingPerceptron(t.gpu, MLP, P, t.random(WEIGHTS));

const LESSONS: Readonly<Record<'float16' | 'bfloat16' | 'dropout' | 'encoder', Lesson>> = {
  float16: { build: mlp, learnt: { ...MIXED, autocast: 'float16' } },
  bfloat16: { build: mlp, learnt: { ...MIXED, autocast: 'bfloat16' } },
  dropout: { build: dropping, learnt: MOMENTUM },
  encoder: {
    build: (t) => new SequenceClassifier(t.gpu, CLASSIFIER, t.random(WEIGHTS)),
    learnt: MOMENTUM,
  },
};

async function learn(t: CaseContext, name: keyof typeof LESSONS, path: Path): Promise<void> {
  const setting: Setting = SETTINGS[name];
  const { build, learnt } = LESSONS[name];
  using model = build(t);
  // A learner looks at a batch before the first step.
  let drawn = 0;
  using learner = new Learner(t.gpu, model, {
    ...learnt,
    batchSize: 1, // batches are those of the setting, whatever is asked for
    draw: (_, random) => setting.draw(Math.max(1, drawn++), random)[0] as Examples,
    seed: t.seed,
    keep_gradients: true,
  });
  const judge = new StepJudge(t, setting, model.parameters, await learner.checkpoint());
  if (path === 'captured') await learner.capture();
  for (let step = 1; step <= STEPS; step++) {
    if (path === 'captured') learner.step();
    else await learner.judgedStep(async () => undefined);
    const state = await learner.checkpoint();
    await judge.step({ state, gradients: await learner.readGradients(), random: state.random });
  }
  await judge.end();
}

/** Steps of micro-batches, as the loop over a loader makes them. */
async function accumulate(t: CaseContext, name: 'accumulated' | 'llama' | 'lora'): Promise<void> {
  const setting: Setting = SETTINGS[name];
  using model = name === 'accumulated' ? dropping(t) : llama(t, setting);
  using optimizer = new Optimizer(
    t.gpu,
    model.parameters,
    { optimizer: 'adam', lr: 0.01, betas: [0.9, 0.99], weight_decay: 0.1 },
    {
      schedule: { name: 'constant', warmup: 3 },
      max_grad_norm: 1000,
      grad_scaler: { init_scale: 512, growth_interval: 3 },
      keep_gradients: true,
    },
  );
  const judge = new StepJudge(t, setting, model.parameters, await optimizer.read());
  await runMiniTraining(t.gpu, model, batchesOf(setting, t.seed).flat(), optimizer, STEPS, {
    shift: name !== 'accumulated',
    seed: name === 'accumulated' ? t.seed : undefined,
    accumulation: PARTS,
    onStep: async () =>
      await judge.step({
        state: await optimizer.read(),
        gradients: await optimizer.readGradients(),
      }),
  });
  await judge.end();
}

function llama(t: CaseContext, { initial, trains = () => true }: Setting): Llama {
  const weights = initial(t.random(WEIGHTS));
  const frozen = new Map(weights.filter(([name]) => !trains(name)));
  return new Llama(t.gpu, LLAMA, {
    trained: new Map(weights.filter(([name]) => trains(name))),
    frozen,
    adapter: frozen.size > 0 ? ADAPTER : undefined,
  });
}

type Declare = (fault: FaultDeclaration) => void;

/** The stages of an update as `change` orders them; they are known by their ops. */
const stages =
  (change: (stages: readonly Stage[], at: (op: string) => Stage) => readonly Stage[]): Declare =>
  (fault) =>
    fault.host('train.update_stages', (original) => (given: readonly Stage[]) => {
      const all: readonly Stage[] = original(given);
      return change(all, (op) => all.find((stage) => opOf(stage).includes(op)) as Stage);
    });

const opOf = ({ op }: Stage): string => op.signature.name;

const dropped = (op: string) => stages((all, at) => all.filter((stage) => stage !== at(op)));

const doubled = (op: string) =>
  stages((all, at) => all.flatMap((stage) => (stage === at(op) ? [stage, stage] : [stage])));

/** A stage moved before another. */
const moved = (op: string, before: string) =>
  stages((all, at) =>
    all.flatMap((stage) =>
      stage === at(op) ? [] : stage === at(before) ? [at(op), stage] : [stage],
    ),
  );

const [UNSCALE, CLIP, UPDATE, SCALER] = [
  'amp_unscale',
  'clip_grad_norm',
  'amp_adamw_step',
  'amp_update_scale',
] as const;

const rateOfStep =
  (change: (step: number) => number): Declare =>
  (fault) =>
    fault.host(
      'lr_schedule.rateFactor',
      (original) => (schedule, step) => original(schedule, change(step)),
    );

interface Variant {
  readonly setting: keyof typeof LESSONS;
  readonly path: Path;
  readonly tier: Tier;
  readonly control: readonly [name: string, declare: Declare];
}

const LEARNT: readonly Variant[] = [
  {
    setting: 'float16',
    path: 'captured',
    tier: 'quick',
    control: ['gradients are clipped before they are unscaled', moved(CLIP, UNSCALE)],
  },
  {
    setting: 'float16',
    path: 'eager',
    tier: 'full',
    control: [
      'a step that overflows is taken',
      (fault) => fault.shader('optim/amp_adamw_step', 'found_inf[0] != 0.0', 'found_inf[0] > 1.0'),
    ],
  },
  {
    setting: 'bfloat16',
    path: 'captured',
    tier: 'full',
    control: ['gradients stay scaled', dropped(UNSCALE)],
  },
  {
    setting: 'bfloat16',
    path: 'eager',
    tier: 'full',
    control: ['gradients are unscaled twice', doubled(UNSCALE)],
  },
  {
    setting: 'dropout',
    path: 'captured',
    tier: 'quick',
    control: [
      'every step has the masks of the first',
      (fault) => fault.host('random_state.next', () => (base) => base),
    ],
  },
  {
    setting: 'encoder',
    path: 'captured',
    tier: 'full',
    control: ['the uniforms of the first step', uniformsStandStill],
  },
  {
    setting: 'encoder',
    path: 'eager',
    tier: 'full',
    control: [
      'the first mask for all',
      (fault) =>
        fault.launch('dropout.forward', ([gpu, inputs, params, variant]) => [
          gpu,
          inputs,
          { ...params, offset: 0 },
          variant,
        ]),
    ],
  },
  {
    setting: 'dropout',
    path: 'eager',
    tier: 'full',
    control: [
      'every second mask is left out',
      (fault) =>
        fault.host('random_state.next', (original) => (base, used) => original(base, 2 * used)),
    ],
  },
];

for (const { setting, path, tier, control } of LEARNT) {
  wholeStep
    .case('learner', { setting: [setting], path: [path] })
    .tier(tier)
    .timeout(60_000)
    .desc(
      'Four steps of a learner: gradients as a whole within ten times the spread of float32 runs, unscaled and clipped gradients, norm, parameters, moments, scale and its counts within their bounds from what the device had, the random position, and the end of the run.',
    )
    .control(...control)
    .run((t) => learn(t, setting, path));
}

/** Each stage of an update dropped, doubled or moved, and rates of other steps. */
const MISTAKES: Readonly<Record<string, readonly [name: string, declare: Declare]>> = {
  'clip-dropped': ['gradients are not clipped', dropped(CLIP)],
  'clip-doubled': ['gradients are clipped twice', doubled(CLIP)],
  'clip-late': ['gradients are clipped after the update', moved(UPDATE, CLIP)],
  'update-dropped': ['nothing is updated', dropped(UPDATE)],
  'update-doubled': ['parameters are updated twice', doubled(UPDATE)],
  'update-early': ['scaled gradients are taken', moved(UPDATE, UNSCALE)],
  'scaler-dropped': ['the scale stays as it is', dropped(SCALER)],
  'scaler-doubled': ['the scale is updated twice', doubled(SCALER)],
  'scaler-early': ['the scale is updated before it is used', moved(SCALER, UNSCALE)],
  'growth-kept': [
    'the count of steps since the scale changed is kept through an overflow',
    (fault) =>
      fault.shader(
        'optim/amp_update_scale',
        'growth.backoff, 0u',
        'growth.backoff, before.tracker',
      ),
  ],
  'schedule-dropped': ['every step has the rate of the first', rateOfStep(() => 0)],
  'schedule-doubled': ['the rate of every second step', rateOfStep((step) => 2 * step)],
  'schedule-early': ['the rate of the step behind', rateOfStep((step) => step + 1)],
};

for (const [mistake, control] of Object.entries(MISTAKES)) {
  wholeStep
    .case('stages', { without: [mistake] })
    .tier('full')
    .timeout(60_000)
    .desc(
      'The same four steps with products in float16, captured: the control drops, doubles or moves one stage of the update.',
    )
    .control(...control)
    .run((t) => learn(t, 'float16', 'captured'));
}

for (const [setting, tier, control, share] of [
  ['accumulated', 'quick', 'every part has the weight of the whole', 1],
  ['llama', 'full', 'the parts have three times their weight', PARTS],
  ['lora', 'full', 'every part weighs alike', 1 / PARTS],
] as const) {
  wholeStep
    .case('accumulation', { setting: [setting] })
    .tier(tier)
    .timeout(60_000)
    .desc(
      'Four steps of three micro-batches of unlike length under a scaled loss: gradients as a whole, the stages behind them, all that a step changes, and the end of the run.',
    )
    .control(control, (fault) => fault.host('train.share_of', () => () => share))
    .run((t) => accumulate(t, setting));
}
