import type { Values } from '../../../src/reference/record.ts';
import { ACCUMULATION, type Accumulation } from '../../../src/reference/step/gradients.ts';
import {
  clip,
  growScale,
  type Stage,
  schedule,
  stagesOf,
  unscale,
  update,
} from '../../../src/reference/step/stages.ts';
import type { Recipe } from '../../../src/reference/step/state.ts';

/** A wrong way to make a step. What is absent is done right. */
export interface StepMistake {
  readonly stages?: (recipe: Recipe) => readonly Stage[];
  readonly accumulation?: Accumulation;
  /** The factor of the loss, of the scale. */
  readonly factor?: (scale: number) => number;
  /** Whether the gradients that the step before took are added. */
  readonly keepsGradients?: boolean;
  /** Where the step begins in the random numbers, of where it should. */
  readonly position?: (position: number) => number;
  /** The micro-batches that are used. */
  readonly parts?: (parts: readonly Values[]) => readonly Values[];
}

const without = (stage: Stage): StepMistake => ({
  stages: (recipe) => stagesOf(recipe).filter((each) => each !== stage),
});

const twice = (stage: Stage): StepMistake => ({
  stages: (recipe) =>
    stagesOf(recipe).flatMap((each) => (each === stage ? [stage, stage] : [each])),
});

/** A stage moved before another, where both are there. */
const before = (other: Stage, stage: Stage): StepMistake => ({
  stages: (recipe) => {
    const right = stagesOf(recipe);
    return right.includes(stage) && right.includes(other)
      ? right.flatMap((each) => (each === stage ? [] : each === other ? [stage, each] : [each]))
      : right;
  },
});

const replaced = (stage: Stage, wrong: Stage): StepMistake => ({
  stages: (recipe) => stagesOf(recipe).map((each) => (each === stage ? wrong : each)),
});

/** The update at the rate of another step of the schedule. */
const atRateOf = (other: (step: number) => number): StepMistake =>
  replaced(update, (work) => {
    const { scheduled } = work.state;
    const after = update({ ...work, state: { ...work.state, scheduled: other(scheduled) } });
    return { ...after, state: { ...after.state, scheduled } };
  });

/** A stage that does not know of an overflow. */
const unaware = (stage: Stage) =>
  replaced(stage, (work) => ({ ...stage({ ...work, found: false }), found: work.found }));

const weighted = (shares: Accumulation['shares']): StepMistake => ({
  accumulation: { ...ACCUMULATION, shares },
});

/** Mistakes in the order of things, by what is wrong. */
export const MISTAKES: Readonly<Record<string, StepMistake>> = {
  'the loss is not scaled': { factor: () => 1 },
  'the loss is scaled twice': { factor: (scale) => scale * scale },
  'gradients of the step before are not zeroed': { keepsGradients: true },
  'parts are summed and not averaged': weighted((asked) => asked.map(() => 1)),
  'parts weigh alike': weighted((asked) => asked.map(() => 1 / asked.length)),
  'the last part is left out': { parts: (parts) => parts.slice(0, Math.max(1, parts.length - 1)) },
  'the first part counts twice': { parts: (parts) => [...parts.slice(0, 1), ...parts] },
  'gradients stay scaled': without(unscale),
  'gradients are unscaled twice': twice(unscale),
  'gradients are clipped before they are unscaled': before(unscale, clip),
  'gradients are not clipped': without(clip),
  'gradients are clipped twice': twice(clip),
  'gradients are clipped after the update': before(clip, update),
  'scaled gradients are taken': before(unscale, update),
  'nothing is updated': without(update),
  'parameters are updated twice': twice(update),
  'a step that overflows is taken': unaware(update),
  'a step that is left out counts': replaced(update, (work) => {
    const { state, found } = update(work);
    return { ...work, state: { ...state, taken: state.taken + Number(found) } };
  }),
  'the scale stays as it is': without(growScale),
  'the scale is updated twice': twice(growScale),
  'the scale is updated before it is used': before(unscale, growScale),
  'the scale does not back off': unaware(growScale),
  'the count of steps since the scale changed is kept through an overflow': replaced(
    growScale,
    (work) => {
      const after = growScale(work);
      const { growth_tracker } = work.found ? work.state : after.state;
      return { ...after, state: { ...after.state, growth_tracker } };
    },
  ),
  'the schedule is ahead by a step': before(update, schedule),
  'the schedule is behind by a step': atRateOf((step) => Math.max(0, step - 1)),
  'the schedule stands still': atRateOf(() => 0),
  'the schedule moves twice a step': atRateOf((step) => 2 * step),
  'every step has the masks of the first': { position: () => 0 },
  'masks of the step behind': { position: (position) => 2 * position + 1 },
};
