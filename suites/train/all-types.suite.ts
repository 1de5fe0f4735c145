import { sha256 } from '../../src/formats/sha256.ts';
import type { Llama } from '../../src/models/llama/llama.ts';
import { isQuantized } from '../../src/quant/weight.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { TRAINING_TYPE_NAMES, type TrainingTypeName } from '../../src/train/llama/config/types.ts';
import { oneLinearMore } from './llama-types/one-linear-more.ts';
import { FEW_TOKENS, NARROW, type TinyLlama, tinyLlama } from './llama-types/tiny-llama.ts';
import { fallOf, opened, settingsOf, textsOf, typeRun } from './llama-types/type-run.ts';

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
/** The block that is added behind both. */
const ADDED = /^model\.layers\.2\./;

/** Whether a type leaves a tensor as it is. */
function isFrozen(type: TrainingTypeName, name: string): boolean {
  if (type === 'full') return false;
  return isExpanding(type) ? !ADDED.test(name) : !/\.(lora_A|lora_B|magnitude)$/.test(name);
}

const STEPS = 60;

const settings = (type: TrainingTypeName) =>
  settingsOf(type, {
    ...{ max_steps: STEPS, learning_rate: type === 'full' ? 1e-3 : 2e-3 },
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

allTypes
  .case('learning')
  .tier('slow')
  .timeout(300_000)
  .covers(
    'fsdp.training.all-training-types-tenth/ten-types-run',
    'fsdp.training.all-training-types-tenth/loss-drop',
    'fsdp.training.all-training-types-tenth/comparison-table',
  )
  .desc(
    'Sixty steps of each of the ten types from one seed lower the loss by 0.2 at least; a table compares them.',
  )
  .control('nothing is updated', (fault) => fault.host('train.llama.frozen', () => () => true))
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS, NARROW);
    const texts = textsOf(t, tiny);
    const lines = ['type,trained,first loss,last loss,fall,peak bytes'];
    for (const type of TRAINING_TYPE_NAMES) {
      const { losses, trainable, peakBytes } = await typeRun(t, tiny, {
        config: settings(type),
        texts,
      });
      t.expect(losses.length === STEPS, () => `${type} made ${losses.length} steps`);
      const fall = fallOf(losses);
      t.series(type, losses);
      t.metric(`${type}.fall`, fall);
      t.expect(fall >= 0.2, () => `the loss of ${type} fell by ${fall} of itself`);
      lines.push([type, trainable, losses.at(0), losses.at(-1), fall, peakBytes].join());
    }
    t.expect(lines.length === 1 + 10, () => `the table has ${lines.length} lines`);
    t.artifact('types.csv', new TextEncoder().encode(`${lines.join('\n')}\n`));
  });

/** The SHA-256 of all that a type leaves as it is. */
async function frozenHash(type: TrainingTypeName, model: Llama): Promise<string> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (const name of model.names.filter((each) => isFrozen(type, each))) {
    const value = model.view(name);
    for (const tensor of isQuantized(value) ? Object.values(value.parts) : [value]) {
      const { data } = await (tensor as Tensor).read();
      parts.push(new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength));
    }
  }
  const whole = new Uint8Array(await new Blob(parts).arrayBuffer());
  return whole.length === 0 ? '' : await sha256(whole);
}

async function expectFrozen(
  t: CaseContext,
  type: TrainingTypeName,
  tiny: TinyLlama,
): Promise<void> {
  const config = settings(type);
  let before = '';
  {
    using model = await opened(t, tiny, config);
    before = await frozenHash(type, model);
  }
  let after = '';
  const finish = async (model: Llama) => {
    after = await frozenHash(type, model);
  };
  const { losses } = await typeRun(t, tiny, { config, texts: textsOf(t, tiny), finish });
  t.expect(losses.length === STEPS, () => `${type} made ${losses.length} steps`);
  t.expect((before === '') === (type === 'full'), () => `${type} leaves ${before || 'nothing'}`);
  t.expect(after === before, () => `what ${type} leaves alone had ${before} and has ${after}`);
}

allTypes
  .case('frozen')
  .tier('slow')
  .timeout(300_000)
  .covers('fsdp.training.all-training-types-tenth/frozen-hash-unchanged')
  .desc('After sixty steps of each type the hash of all that it does not train is what it was.')
  .control('norms are trained too', (fault) =>
    fault.host(
      'train.llama.trains',
      (original) =>
        (...args: unknown[]) =>
        (name: string) =>
          original(...args)(name) || name.endsWith('norm.weight'),
    ),
  )
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS, NARROW);
    for (const type of TRAINING_TYPE_NAMES) await expectFrozen(t, type, tiny);
  });
