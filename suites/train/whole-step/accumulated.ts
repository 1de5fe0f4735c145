import type { CaseContext } from '../../../src/testing/context.ts';
import { Optimizer } from '../../../src/train/optimizer.ts';
import type { DroppingOptions } from './dropping-perceptron.ts';
import { type JudgedOptions, judgedRun, type Path } from './judged-run.ts';
import { dropping } from './lessons.ts';
import { LLAMAS } from './llama-settings.ts';
import { expectFrozen, llamaOf } from './llamas.ts';
import type { Setting } from './setting.ts';
import { SETTINGS } from './settings.ts';

/** Settings of {@link ACCUMULATED}, the recipe. */
export type AccumulatedName = Dropping | keyof typeof LLAMAS;
type Dropping = 'accumulated' | 'empty-part';

/** The engine's optimizer of the settings with several micro-batches. */
export function accumulatedOptimizer(
  t: CaseContext,
  { parameters }: JudgedOptions['model'],
  max_grad_norm = 1000,
): Optimizer {
  return new Optimizer(
    t.gpu,
    parameters,
    { optimizer: 'adam', lr: 0.01, betas: [0.9, 0.99], weight_decay: 0.1 },
    {
      schedule: { name: 'constant', warmup: 3 },
      max_grad_norm,
      grad_scaler: { init_scale: 512, growth_interval: 3 },
      keep_gradients: true,
    },
  );
}

/** Steps of micro-batches of a perceptron that drops out, each judged. */
export async function accumulateDropping(
  t: CaseContext,
  setting: Setting,
  path: Path,
  options?: DroppingOptions,
): Promise<void> {
  using model = dropping(t, options);
  using optimizer = accumulatedOptimizer(t, model);
  await judgedRun(t, setting, path, { model, optimizer, seed: t.seed });
}

/** Steps of micro-batches, each judged, and what is frozen with it. */
export async function accumulate(t: CaseContext, name: AccumulatedName, path: Path): Promise<void> {
  if (name === 'accumulated' || name === 'empty-part')
    return await accumulateDropping(t, SETTINGS[name], path);
  const setting: Setting = SETTINGS[name];
  const llama = llamaOf(t, LLAMAS[name], setting);
  using model = llama.model;
  using optimizer = accumulatedOptimizer(t, model);
  await judgedRun(t, setting, path, { model, optimizer, shift: true }, (step) =>
    expectFrozen(t, step, llama),
  );
}
