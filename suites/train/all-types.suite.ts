import type { Llama } from '../../src/models/llama/llama.ts';
import { suite } from '../../src/testing/suite.ts';
import { TRAINING_TYPE_NAMES, type TrainingTypeName } from '../../src/train/llama/config/types.ts';
import { hashesOf } from './llama-types/hashes.ts';
import { oneLinearMore } from './llama-types/one-linear-more.ts';
import { FEW_TOKENS, NARROW, tinyLlama } from './llama-types/tiny-llama.ts';
import { fallOf, opened, settingsOf, textsOf, typeRun } from './llama-types/type-run.ts';
import { type TypeRow, typesTable } from './llama-types/types-table.ts';

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
const settings = (type: TrainingTypeName, fields: object = {}) =>
  settingsOf(type, {
    ...(isExpanding(type) ? { expansion_rate: 0.5 } : {}),
    ...fields,
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

const STEPS = 60;
const RATE = 5e-3;
/** The catalog's, of the loss of the first steps. */
const FALL = 0.2;

const isPositive = (x: number) => Number.isFinite(x) && x > 0;

allTypes
  .case('side-by-side')
  .tier('slow')
  .timeout(600_000)
  .covers(
    'fsdp.training.all-training-types-tenth/ten-types-run',
    'fsdp.training.all-training-types-tenth/loss-drop',
    'fsdp.training.all-training-types-tenth/comparison-table',
  )
  .desc(
    'Sixty steps of each of the ten types on one seed lower its loss by a fifth, and one table has numbers trained, losses, fall and memory of all of them.',
  )
  .control('nothing is updated', (fault) => fault.host('train.llama.frozen', () => () => true))
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS, NARROW);
    const texts = textsOf(t, tiny);
    const rows: TypeRow[] = [];
    for (const type of TRAINING_TYPE_NAMES) {
      const config = settings(type, { max_steps: STEPS, learning_rate: RATE });
      const { losses, trainable, peakBytes } = await typeRun(t, tiny, { config, texts });
      t.series(type, losses);
      const [first = 0] = losses;
      const last = losses.at(-1) ?? 0;
      rows.push({
        type,
        trainable,
        steps: losses.length,
        first,
        last,
        peakBytes,
        fall: fallOf(losses),
      });
    }
    const table = typesTable(rows);
    t.artifact('training-types.csv', new TextEncoder().encode(table));
    const lines = table.trimEnd().split('\n').slice(1);
    t.expect(lines.length === 10, () => `the table has ${lines.length} types`);
    for (const [i, line] of lines.entries()) {
      const [type = '', ...cells] = line.split(',');
      const [trainable = 0, steps, first = 0, last = 0, fall = 0, bytes = 0] = cells.map(Number);
      t.expect(type === TRAINING_TYPE_NAMES[i], () => `type ${i} of the table is ${type}`);
      t.metric(`${type}.fall`, fall);
      t.expect(trainable === TRAINED[type as TrainingTypeName], () => `${type}: ${line}`);
      t.expect([first, last, bytes].every(isPositive), () => `${type}: ${line}`);
      t.expect(steps === STEPS, () => `${type} made ${steps} steps`);
      t.expect(fall >= FALL, () => `the loss of ${type} fell by ${fall} of itself`);
    }
  });

allTypes
  .case('frozen', { type: TRAINING_TYPE_NAMES })
  .tier('slow')
  .timeout(120_000)
  .covers('fsdp.training.all-training-types-tenth/frozen-hash-unchanged')
  .desc(
    'After sixty steps the sums of all bits that a type does not train, in floats or in codes, are those of before, and those of what it trains are not.',
  )
  .control('norms are trained, and nothing else', (fault) =>
    fault.host('train.llama.trains', () => () => (name: string) => name.endsWith('norm.weight')),
  )
  .run(async (t) => {
    const { type } = t.params;
    const tiny = tinyLlama(t, FEW_TOKENS, NARROW);
    const config = settings(type, { max_steps: STEPS, learning_rate: RATE });
    const before = await (async () => {
      using model = await opened(t, tiny, config);
      return await hashesOf(model);
    })();
    const after = new Map<string, string>();
    const finish = async (model: Llama) => {
      for (const [name, hash] of await hashesOf(model)) after.set(name, hash);
    };
    await typeRun(t, tiny, { config, texts: textsOf(t, tiny), finish });
    const trains = trainedBy(type);
    t.expect(
      [...after.keys()].join() === [...before.keys()].join(),
      () => 'other tensors are there',
    );
    const frozen = [...before.keys()].filter((name) => !trains(name));
    t.metric('frozen', frozen.length);
    const count = type === 'full' ? 0 : tiny.weights.size;
    t.expect(frozen.length === count, () => `${frozen.length} tensors are frozen`);
    for (const [name, hash] of before) {
      const isSame = after.get(name) === hash;
      const how = isSame ? 'stays as it is' : 'is not what it was';
      t.expect(isSame !== trains(name), () => `${type}: ${name} ${how}`);
    }
  });

/** By its names alone: adapters, the block that is added behind the second, or all. */
function trainedBy(type: TrainingTypeName): (name: string) => boolean {
  if (type === 'full') return () => true;
  return isExpanding(type)
    ? (name) => name.startsWith('model.layers.2.')
    : (name) => /\.(lora_A|lora_B|magnitude)$/.test(name);
}
