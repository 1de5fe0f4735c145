import { suite } from '../../src/testing/suite.ts';
import { TRAINING_TYPE_NAMES, type TrainingTypeName } from '../../src/train/llama/config/types.ts';
import { oneLinearMore } from './llama-types/one-linear-more.ts';
import { FEW_TOKENS, NARROW, tinyLlama } from './llama-types/tiny-llama.ts';
import { opened, settingsOf } from './llama-types/type-run.ts';

export const allTypes = suite('train.all-types', {
  description: 'The ten types of training on one small Llama and one language, side by side',
});

/** Numbers that each type trains, of two blocks of 41,088 and 5,184 beside; one block is added. */
const TRAINED: Readonly<Record<TrainingTypeName, number>> = {
  full: 87_360,
  ...{ lora: 15_360, custom_lora: 15_360, qlora: 15_360, custom_qlora: 15_360 },
  ...{ hqq_lora: 15_360, hqq_dora: 16_384, bnb_dora: 16_384 },
  ...{ bnb_llama_pro: 41_088, hqq_llama_pro: 41_088 },
};

const isExpanding = (type: TrainingTypeName) => type.endsWith('llama_pro');
const settings = (type: TrainingTypeName) =>
  settingsOf(type, {
    ...(isExpanding(type) ? { expansion_rate: 0.5 } : {}),
  });

allTypes
  .case('counts')
  .tier('full')
  .timeout(120_000)
  .covers('fsdp.training.all-training-types-tenth/trainable-counts')
  .desc('Each of the ten types trains as many numbers as its shapes say.')
  .control(oneLinearMore.name, oneLinearMore.faults)
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS, NARROW);
    for (const type of TRAINING_TYPE_NAMES) {
      using model = await opened(t, tiny, settings(type));
      const { count } = model.parameters;
      t.metric(type, count);
      t.expect(count === TRAINED[type], () => `${type} trains ${count} numbers`);
    }
  });
