import { FlatParameters } from '../../../src/autograd/flat-parameters.ts';
import { ConvNet } from '../../../src/models/conv-net/conv-net.ts';
import { Mlp } from '../../../src/models/mlp/mlp.ts';
import type { Model } from '../../../src/models/model.ts';
import { SequenceClassifier } from '../../../src/models/sequence-classifier/sequence-classifier.ts';
import type { CaseContext } from '../../../src/testing/context.ts';
import type { LearnerConfig } from '../../../src/train/learner.ts';
import { IMAGES } from './conv-settings.ts';
import { type DroppingOptions, DroppingPerceptron } from './dropping-perceptron.ts';
import { type Setting, WEIGHTS } from './setting.ts';
import { CLASSIFIER, MLP, P, SETTINGS } from './settings.ts';

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

const SMALL_STEPS: Learnt = {
  ...MOMENTUM,
  optimizer: { optimizer: 'sgd', lr: 1e-6, momentum: 0.9, dampening: 0.25, weight_decay: 0.01 },
};

/** A model that a learner trains. */
interface Lesson {
  readonly build: (t: CaseContext) => Model;
  readonly learnt: Learnt;
}

const mlp = (t: CaseContext) => new Mlp(t.gpu, MLP, t.random(WEIGHTS));

/** A perceptron that drops out. */
export const dropping = (t: CaseContext, options?: DroppingOptions) =>
  new DroppingPerceptron(t.gpu, MLP, P, t.random(WEIGHTS), options);
const encoder = (t: CaseContext) => new SequenceClassifier(t.gpu, CLASSIFIER, t.random(WEIGHTS));
const convolutions = (t: CaseContext) => new ConvNet(t.gpu, IMAGES, t.random(WEIGHTS));

/** A model that begins with the weights of a setting in place of its own. */
function beginning(t: CaseContext, model: Model, { initial }: Setting): Model {
  using start = new FlatParameters(t.gpu, new Map(initial(t.random(WEIGHTS))));
  model.parameters.data.copyFrom(start.data);
  return model;
}

/** Settings that a learner trains in. */
export type LessonName =
  | 'float16'
  | 'bfloat16'
  | 'dropout'
  | 'encoder'
  | 'encoder-small'
  | 'convolutions'
  | 'convolutions-small';

/** What of each setting is the engine's own. */
export const LESSONS: Readonly<Record<LessonName, Lesson>> = {
  float16: { build: mlp, learnt: { ...MIXED, autocast: 'float16' } },
  bfloat16: { build: mlp, learnt: { ...MIXED, autocast: 'bfloat16' } },
  dropout: { build: (t) => dropping(t), learnt: MOMENTUM },
  encoder: { build: encoder, learnt: MOMENTUM },
  'encoder-small': {
    build: (t) => beginning(t, encoder(t), SETTINGS['encoder-small']),
    learnt: SMALL_STEPS,
  },
  convolutions: { build: convolutions, learnt: MOMENTUM },
  'convolutions-small': {
    build: (t) => beginning(t, convolutions(t), SETTINGS['convolutions-small']),
    learnt: SMALL_STEPS,
  },
};
