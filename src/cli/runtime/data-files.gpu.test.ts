import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import type { Dataset } from '../../data/dataset.ts';
import { dummyDataset } from '../../data/dummy.ts';
import type { Examples } from '../../data/examples.ts';
import { type LabelledTokens, listed, paddedTexts } from '../../data/labelled-tokens.ts';
import { DataLoader } from '../../data/loader.ts';
import { tokenizerFolder } from '../../formats/hugging-face/fixtures/tokenizers.ts';
import { openTokenizer } from '../../formats/hugging-face/tokenizer.ts';
import { partsOfBlob } from '../../formats/part-file.ts';
import { encodeTexts } from '../../formats/text-data/encode.ts';
import { readTextData } from '../../formats/text-data.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { initialLlama } from '../../models/llama/initial.ts';
import { Llama } from '../../models/llama/llama.ts';
import { Random } from '../../tensor/random.ts';
import { meanLoss, runMiniTraining } from '../../train/mini-training.ts';
import { Optimizer } from '../../train/optimizer.ts';
import { isAsked } from '../../vocabulary/nn/loss.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Data files through tokenizer and loader into training, on a software adapter. */

const SAMPLE = new URL('../../formats/text-data/fixtures/alpaca.jsonl', import.meta.url);
const LENGTH = 192;

const codec = await openTokenizer(tokenizerFolder('llama3'));
const sample = readFileSync(SAMPLE);
const { items } = encodeTexts(await readTextData(partsOfBlob(new Blob([sample]))), codec, {
  length: LENGTH,
});
const loaderOf = (texts: Dataset<LabelledTokens>, batchSize: number) =>
  new DataLoader(texts, paddedTexts(codec.pad as number), { batchSize, seed: 3 });

/** Texts without a rule that ask for all of their tokens. */
const dummies = (length: number): Dataset<LabelledTokens> => {
  const { item } = dummyDataset({ length, seqLength: 6, vocab: codec.size, seed: 5 });
  return {
    length,
    item: (index) => {
      const { input_ids, attention_mask } = item(index);
      return { ids: input_ids, asked: attention_mask.map((one) => one === 1) };
    },
  };
};

let gpu: Gpu;
let scope: Scope;

beforeAll(async () => {
  gpu = await softwareGpu();
});
afterAll(() => gpu[Symbol.dispose]());
beforeEach(() => {
  scope = new Scope();
});
afterEach(() => {
  scope[Symbol.dispose]();
  expect(gpu.memory.ledger.liveBytes).toBe(0);
});

const SIZES = {
  ...{ vocab: codec.size, hidden: 8, intermediate: 16, layers: 1, heads: 2, kv_heads: 1 },
  ...{ rms_eps: 1e-5, rope_theta: 10_000 },
};

const modelOf = () => {
  const trained = new Map(initialLlama(SIZES, new Random(1)));
  return scope.add(new Llama(gpu, { ...SIZES, length: LENGTH }, { trained, frozen: new Map() }));
};

/** Losses of at most ten steps. */
function trained(batches: Iterable<Examples>): Promise<number[]> {
  const model = modelOf();
  const optimizer = scope.add(new Optimizer(gpu, model.parameters, { optimizer: 'sgd', lr: 0.1 }));
  return runMiniTraining(gpu, model, batches, optimizer, 10, { shift: true });
}

/** Texts of the tokens that a batch has labels for. */
const answersOf = ({ labels: { shape, data } }: Examples): readonly string[] =>
  Array.from({ length: shape[0] as number }, (_, row) => {
    const columns = shape[1] as number;
    const asked = Array.from(data.slice(row * columns, (row + 1) * columns)).filter(isAsked);
    return codec.decode(asked);
  });

describe('through the loader', () => {
  test(
    'a file of instructions and random texts stream into training',
    covers('fsdp.training.dataset-handling/real-loader').control('prompts are asked for', {
      file: 'src/formats/text-data/formats.ts',
      from: 'text: prompt, asked: false',
      to: 'text: prompt, asked: true',
    }),
    async () => {
      const batches = [...loaderOf(listed(items), 3).epoch(0)];
      const outputs = sample
        .toString()
        .trimEnd()
        .split('\n')
        .map((line) => `${JSON.parse(line).output}<|eot_id|>`);
      expect(batches.flatMap(answersOf).toSorted()).toEqual(outputs.toSorted());
      for (const texts of [listed(items), dummies(7)])
        expect(await trained(loaderOf(texts, 3).epoch(0))).toHaveLength(3);
    },
  );

  test(
    'there are as many steps as batches, and no more than were asked for',
    covers('fsdp.training.dataset-handling/step-counts').control('a batch must be full', {
      file: 'src/data/loader.ts',
      from: 'Math.ceil(order.length / batchSize)',
      to: 'Math.floor(order.length / batchSize)',
    }),
    async () => {
      const steps: number[] = [];
      for (const count of [1, 31, 32, 128])
        steps.push((await trained(loaderOf(dummies(count), 8).epoch(0))).length);
      expect(steps).toEqual([1, 4, 4, 10]);
    },
  );
});

test(
  'what stands in a prompt as a label changes no loss',
  covers('fsdp.training.dataset-handling/prompt-zero-gradient').control('prompts have labels', {
    file: 'src/data/labelled-tokens.ts',
    from: 'asked[at] && at > 0',
    to: 'at > 0',
  }),
  async () => {
    const collate = paddedTexts(codec.pad as number);
    const batch = collate(items);
    const other = items.map(({ ids, asked }) => ({
      ids: ids.map((id, at) => (asked[at] ? id : (id + 7) % codec.size)),
      asked,
    }));
    const changed = { inputs: batch.inputs, labels: collate(other).labels };
    const model = modelOf();
    const loss = (examples: Examples) => meanLoss(gpu, model, [examples], true);
    expect(await loss(changed)).toBe(await loss(batch));
    // What is asked does.
    const answers = items.map(({ ids, asked }) => ({ ids: ids.map((id) => id ^ 1), asked }));
    const wrong = { inputs: batch.inputs, labels: collate(answers).labels };
    expect(await loss(wrong)).not.toBe(await loss(batch));
  },
);
