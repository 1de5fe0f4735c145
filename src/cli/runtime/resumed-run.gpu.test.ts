import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import { grammarTexts } from '../../data/sequences.ts';
import { modelConfigOf } from '../../formats/hugging-face/config.ts';
import { partsOfBytes } from '../../formats/part-file.ts';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { initialLlama } from '../../models/llama/initial.ts';
import { wrapSeam } from '../../seam.ts';
import { type HostTensor, type HostTensors, hostTensor } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { CheckpointKeeper } from '../../train/checkpoint/checkpoint-keeper.ts';
import { KeptInMemory } from '../../train/checkpoint/fixtures/kept-in-memory.ts';
import { trainingConfigOf } from '../../train/llama/config/read-training-config.ts';
import { fineTuneLlama, type LlamaTraining } from '../../train/llama/fine-tune-llama.ts';
import type { LlamaMilestone, LlamaProgress } from '../../train/llama/progress.ts';
import type { LoopState } from '../../train/loop/training-loop.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** A run that is cut short and goes on from its checkpoint has the bits of the run that was not. */

let gpu: Gpu;
beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());

const MODEL = {
  ...{ model_type: 'llama', hidden_size: 64, intermediate_size: 64, num_hidden_layers: 1 },
  ...{ num_attention_heads: 2, num_key_value_heads: 1, vocab_size: 40, rms_norm_eps: 1e-5 },
  max_position_embeddings: 32,
};
const WEIGHTS = initialLlama(
  {
    ...{ vocab: 40, hidden: 64, intermediate: 64, layers: 1, heads: 2, kv_heads: 1 },
    ...{ rms_eps: 1e-5, rope_theta: 1e4 },
  },
  new Random(3),
  0.1,
);
const FOLDER = new Map([
  ['config.json', partsOfBytes(new TextEncoder().encode(JSON.stringify(MODEL)))],
  ['model.safetensors', partsOfBytes(writeSafetensors(Object.fromEntries(WEIGHTS)))],
]);

/** Texts of unequal lengths, so that steps have several shapes. */
function drawnTexts(count: number): readonly LabelledTokens[] {
  const texts = grammarTexts({ length: count, seqLength: 9, vocab: 40, seed: 5 });
  return Array.from({ length: count }, (_, i) => {
    const ids = texts.item(i).slice(0, 5 + (i % 5));
    return { ids, asked: ids.map(() => true) };
  });
}

const STEPS = 7;
const COMMON = {
  ...{ max_length: 9, per_device_train_batch_size: 2, max_steps: STEPS, seed: 5 },
  ...{ learning_rate: 0.01, lr_scheduler_type: 'cosine', warmup_steps: 2 },
  ...{ heldout_fraction: 0.1, eval_steps: 2, judge_steps: 0 },
};
const LORA = { r: 4, lora_alpha: 8, target_modules: 'all-linear' };

/** Each with 11 texts: one is held out, and an epoch ends within the run. */
const KINDS = {
  'lora with dropout': { type: 'lora', lora: { ...LORA, lora_dropout: 0.25 } },
  'qlora in NF4': { type: 'qlora', lora: LORA },
  'full, adamw in 8 bits': { type: 'full', optim: 'adamw_bnb_8bit', weight_decay: 0 },
  'loss scaling in fp16': { type: 'lora', lora: LORA, fp16: true },
  'accumulation of two': { type: 'lora', lora: LORA, gradient_accumulation_steps: 2 },
  packing: { type: 'full', packing: true, max_length: 20, optim: 'sgd', momentum: 0.9 },
} as const;

const trainingOf = (fields: object): LlamaTraining => ({
  ...{ folder: FOLDER, model: modelConfigOf(MODEL), texts: drawnTexts(11) },
  config: trainingConfigOf({ ...COMMON, ...fields }),
});

const zerosLike = ({ dtype, shape, data }: HostTensor): HostTensor =>
  hostTensor(dtype, shape, data.slice().fill(0));

/** What a run left, and what it told. */
interface Left {
  readonly trained: HostTensors;
  readonly told: readonly LlamaProgress[];
}

/** Runs, and stops after so many steps. */
async function run(
  training: LlamaTraining,
  folder: KeptInMemory | undefined,
  stopAfter = STEPS,
): Promise<Left> {
  const keeper = folder && new CheckpointKeeper(folder, { engine: 'this one', every: 100 });
  const from = await keeper?.newest();
  const told: LlamaProgress[] = [];
  let made = from?.checkpoint.state.step ?? 0;
  const running = fineTuneLlama(
    gpu,
    { ...training, from },
    { judge: async () => 0, stopped: () => made >= stopAfter && stopAfter < STEPS, keeper },
  );
  for (;;) {
    const next = await running.next();
    if (next.done) return { trained: next.value.trained, told };
    told.push(next.value);
    if (next.value.type === 'step') made += 1;
  }
}

/** A row of what was told, without what depends on the clock and on memory. */
type Row = Readonly<Record<string, number | undefined>> & { readonly step: number };

/** Losses, rates, norms and held-out losses. */
const courseOf = (told: readonly (LlamaProgress | LlamaMilestone)[]): readonly Row[] =>
  told.flatMap((one): Row[] => {
    if (one.type === 'heldout') return [{ step: one.step, heldout: one.loss }];
    if (one.type !== 'step') return [];
    const { step, epoch, loss, gradNorm, learningRate, tokens } = one;
    return [{ step, epoch, loss, gradNorm, learningRate, tokens }];
  });

/** Cut short after so many steps, each time anew, and gone on with. */
async function interrupted(training: LlamaTraining, at: readonly number[]): Promise<Left> {
  const folder = new KeptInMemory();
  for (const step of at) await run(training, folder, step);
  return await run(training, folder);
}

/** Steps alone, and what comes after one of them. */
const stepsOf = (rows: readonly Row[]) => rows.filter(({ loss }) => loss !== undefined);
const later = (rows: readonly Row[], last: number) => rows.filter(({ step }) => step > last);

describe.each(Object.entries(KINDS))('%s', (_, fields) => {
  const training = trainingOf(fields);

  test('goes on bit by bit, wherever it was cut short', async () => {
    const whole = await run(training, undefined);
    const course = courseOf(whole.told);
    expect(stepsOf(course)).toHaveLength(STEPS);
    expect(new Set(stepsOf(course).map(({ loss }) => loss)).size).toBe(STEPS);
    for (const at of [[0], [1, 4], [STEPS - 1]]) {
      const resumed = await interrupted(training, at);
      const last = at.at(-1) as number;
      const from = resumed.told.find((one) => one.type === 'resumed-from');
      expect(from, `cut short after ${at}`).toMatchObject({ step: last, broken: [] });
      expect(later(courseOf(resumed.told), last)).toEqual(later(course, last));
      const all = courseOf([...(from?.history ?? []), ...resumed.told]);
      expect(stepsOf(all)).toEqual(stepsOf(course));
      expect(resumed.trained).toEqual(whole.trained);
    }
  });
});

describe('a run that has made its last step', () => {
  test('goes on from there to what it leaves', async () => {
    const training = trainingOf(KINDS['lora with dropout']);
    const folder = new KeptInMemory();
    const whole = await run(training, folder);
    const again = await run(training, folder);
    expect(again.trained).toEqual(whole.trained);
    expect(stepsOf(courseOf(again.told))).toEqual([]);
    expect([...folder.files.keys()]).toEqual(['step-00000007.safetensors']);
  });
});

describe('what a resumed run would get wrong shows, where', () => {
  const training = trainingOf(KINDS['lora with dropout']);
  test.each([
    ['data begin anew', 'train.seek', () => () => undefined],
    ['the first masks come again', 'random_state.restored', () => () => 0],
    [
      'moments are left out',
      'train.restored_state',
      () => (state: LoopState) => ({
        ...state,
        tensors: {
          ...state.tensors,
          exp_avg: zerosLike(state.tensors['exp_avg'] as HostTensor),
        },
      }),
    ],
  ])('%s', async (_, seam, wrap) => {
    const whole = await run(training, undefined);
    const folder = new KeptInMemory();
    await run(training, folder, 3);
    using _fault = wrapSeam(seam, wrap);
    expect((await run(training, folder)).trained).not.toEqual(whole.trained);
  });
});
