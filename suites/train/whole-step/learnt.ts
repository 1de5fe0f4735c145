import type { CaseContext } from '../../../src/testing/context.ts';
import { Optimizer } from '../../../src/train/optimizer.ts';
import { judgedRun, type Path } from './judged-run.ts';
import { LESSONS, type LessonName } from './lessons.ts';
import { SETTINGS } from './settings.ts';

/** Steps of one micro-batch each, each judged. */
export async function learn(t: CaseContext, name: LessonName, path: Path): Promise<void> {
  const { build, learnt } = LESSONS[name];
  const { optimizer: params, autocast, ...around } = learnt;
  using model = build(t);
  const options = { ...around, keep_gradients: true };
  using optimizer = new Optimizer(t.gpu, model.parameters, params, options);
  await judgedRun(t, SETTINGS[name], path, { model, optimizer, autocast, seed: t.seed });
}
