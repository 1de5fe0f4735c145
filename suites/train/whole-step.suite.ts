import { suite, type Tier } from '../../src/testing/suite.ts';
import { uniformsStandStill } from './uniforms-stand-still.ts';
import { type AccumulatedName, accumulate } from './whole-step/accumulated.ts';
import {
  CLIP,
  type Declare,
  doubled,
  dropped,
  emptyCounts,
  launched,
  moved,
  rateOfStep,
  SCALER,
  shares,
  UNSCALE,
  UPDATE,
} from './whole-step/faults.ts';
import type { Path } from './whole-step/judged-run.ts';
import { learn } from './whole-step/learnt.ts';
import type { LessonName } from './whole-step/lessons.ts';
import { PARTS } from './whole-step/parts.ts';

export const wholeStep = suite('train.whole-step', {
  description:
    'Four steps of training as the engine makes them, each held against a replica in float64: gradients as a whole, every stage behind them, all that a step changes. Perceptrons in halves and with dropout, an encoder, convolutions with batch normalization and its running statistics, a Llama whole, with a tied head, with what Qwen and Mistral have besides, by LoRA, by DoRA, and by both over a base in NF4 whose bits stay',
});

interface Variant {
  readonly setting: LessonName;
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
    control: ['the first mask for all', launched('dropout', { offset: 0 })],
  },
  {
    setting: 'encoder-small',
    path: 'captured',
    tier: 'full',
    control: ['an eps of 1e-6 in place of 1e-5', launched('layer_norm', { eps: 1e-6 })],
  },
  {
    setting: 'convolutions',
    path: 'captured',
    tier: 'full',
    control: [
      'the running variance follows the biased one',
      launched('batch_norm', { running_var_unbiased: false }),
    ],
  },
  {
    setting: 'convolutions',
    path: 'eager',
    tier: 'full',
    control: ['the momentum of the other convention', launched('batch_norm', { momentum: 0.9 })],
  },
  {
    setting: 'convolutions-small',
    path: 'captured',
    tier: 'full',
    control: ['an eps of 1e-6 in place of 1e-5', launched('batch_norm', { eps: 1e-6 })],
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
      'Four steps of a learner: gradients as a whole within ten times the spread of float32 runs, unscaled and clipped gradients, norm, parameters, moments, scale and its counts within their bounds from what the device had, running statistics, the random position, and the end of the run. In small settings the variances of norms are of the order of their eps.',
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

interface AccumulatedVariant {
  readonly setting: AccumulatedName;
  readonly tier: Tier;
  readonly control: readonly [name: string, declare: Declare];
}

const ACCUMULATED: readonly AccumulatedVariant[] = [
  {
    setting: 'accumulated',
    tier: 'quick',
    control: ['every part has the weight of the whole', shares(1)],
  },
  {
    setting: 'llama',
    tier: 'full',
    control: ['the parts have three times their weight', shares(PARTS)],
  },
  {
    setting: 'llama-small',
    tier: 'full',
    control: ['an eps of 1e-5 in place of 1e-6', launched('rms_norm', { eps: 1e-5 })],
  },
  {
    setting: 'llama-families',
    tier: 'full',
    control: [
      'attention sees what is before the window',
      (fault) => fault.host('nn.llama.windowOf', () => () => undefined),
    ],
  },
  {
    setting: 'llama-tied',
    tier: 'full',
    control: [
      'the table has the gradient of the head alone',
      (fault) =>
        fault.shader(
          'nn/embedding_backward',
          'select(chain[id], dims.rows, id == dims.padding)',
          'dims.rows',
        ),
    ],
  },
  { setting: 'lora', tier: 'full', control: ['every part weighs alike', shares(1 / PARTS)] },
  {
    setting: 'qlora',
    tier: 'full',
    control: ['the factor alpha / r is left out', launched('lora_linear', { alpha: 2 })],
  },
  {
    setting: 'dora',
    tier: 'full',
    control: [
      'the gradient of a magnitude is multiplied by the length',
      (fault) => fault.shader('lora/dora_magnitude', 'sum / norm[col]', 'sum * norm[col]'),
    ],
  },
  {
    setting: 'qdora',
    tier: 'full',
    control: [
      'the length is that of the base alone',
      (fault) =>
        fault.shader(
          'lora/dora_norm_quantized',
          'dims.scale * low_rank_four',
          '0.0 * low_rank_four',
        ),
    ],
  },
];

for (const { setting, tier, control } of ACCUMULATED) {
  wholeStep
    .case('accumulation', { setting: [setting] })
    .tier(tier)
    .timeout(60_000)
    .desc(
      'Four steps of three micro-batches of unlike length under a scaled loss: gradients as a whole, the stages behind them, all that a step changes, frozen weights bit by bit, and the end of the run.',
    )
    .control(...control)
    .run((t) => accumulate(t, setting, 'recorded'));
}

const EMPTY_PART: readonly (readonly [Path, readonly [name: string, declare: Declare]])[] = [
  ['recorded', ['the part counts in the mean', emptyCounts]],
  ['captured', ['every part weighs alike', shares(1 / PARTS)]],
];

for (const [path, control] of EMPTY_PART) {
  wholeStep
    .case('empty-part', { path: [path] })
    .tier(path === 'recorded' ? 'quick' : 'full')
    .timeout(60_000)
    .desc(
      'Four steps of three micro-batches. The second has no label that asks: it counts for nothing in loss and gradients, and draws its masks all the same.',
    )
    .control(...control)
    .run((t) => accumulate(t, 'empty-part', path));
}
