import * as v from 'valibot';
import { positive, size } from '../rules.ts';

/** How the scale of a loss changes, as torch.amp.GradScaler names it. */
export const scaleGrowth = {
  /** Factor of the scale after `growth_interval` steps without an infinity. */
  growth_factor: v.optional(positive, 2),
  /** Factor after a step with one. */
  backoff_factor: v.optional(positive, 0.5),
  growth_interval: v.optional(size, 2000),
};

/** Loss scaling of a run, as torch.amp.GradScaler names it. */
export const lossScaling = {
  init_scale: v.optional(positive, 65_536),
  ...scaleGrowth,
};
