import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Tape } from '../../autograd/tape.ts';
import { type GivenTensor, ggufModelFile } from '../../formats/gguf/fixtures/model-file.ts';
import { ggufModelFiles } from '../../formats/gguf/model-files.ts';
import { tensorShapes } from '../../formats/hugging-face/architecture.ts';
import { storedCodes } from '../../formats/hugging-face/checkpoint.ts';
import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import { folderOf, TINY } from '../../formats/hugging-face/fixtures/tiny-folder.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import { type PartFile, partsOfBytes } from '../../formats/part-file.ts';
import { type StoredTensor, toHostTensor } from '../../formats/safetensors/stored.ts';
import { toStored, writeStored } from '../../formats/safetensors/write.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { layerOf } from '../../quantizer/kept-layers.ts';
import { type SchemeOptions, schemeOf } from '../../quantizer/registry.ts';
import { drawnBlocks } from '../../reference/quant/gguf-drawn-blocks.ts';
import { filledTensor, type HostTensor } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { forecastLlama } from '../../train/llama/forecast-llama.ts';
import { updateRule } from '../../train/update-rule.ts';
import { SharedRuns } from './fixtures/shared-runs.ts';
import { courseOf, modelOf, run, stepsOf, trainingOf } from './fixtures/short-runs.ts';
import { softwareGpu } from './fixtures/software-gpu.ts';

/** Adapters over a base in codes whose parts lie at workers: what each of them has of it. */

const HIDDEN = 256;
const LAYERS = 4;
const VOCABULARY = 40;
const RANK = 2;
const MODEL = modelOf({ hidden: HIDDEN, intermediate: HIDDEN, layers: LAYERS });
const LORA = { r: RANK, lora_alpha: 4, target_modules: 'all-linear' };

let gpu: Gpu;
let runs: SharedRuns;
beforeAll(async () => {
  runs = await SharedRuns.build(MODEL);
  gpu = await softwareGpu();
}, 240_000);
afterAll(() => {
  gpu?.[Symbol.dispose]();
  runs?.[Symbol.dispose]();
});

/** Rows and columns of the linears of a block: q, k, v, o, gate, up and down, of two heads and one. */
const LINEARS = [1, 0.5, 0.5, 1, 1, 1, 1].map((share) => [share * HIDDEN, HIDDEN] as const);
const sum = (numbers: readonly number[]) => numbers.reduce((total, x) => total + x, 0);
const F32 = 4;

/** Bytes of a block, its adapters among them, whose weights are kept in so many bytes. */
const blockBytes = (codesOf: (weights: number) => number): number =>
  sum(LINEARS.map(([rows, columns]) => codesOf(rows * columns) + F32 * RANK * (rows + columns))) +
  2 * F32 * HIDDEN;

/** Of bitsandbytes: 64 codes of four bits have a scale in f32. */
const NF4 = (weights: number) => weights / 2 + F32 * (weights / 64);
/** The same with scales in codes: 256 share one, and all have a mean and a map of 256 values. */
const DOUBLE_NF4 = (weights: number) => {
  const scales = weights / 64;
  return weights / 2 + scales + F32 * (Math.ceil(scales / 256) + 1 + 256);
};
/** Of ggml's Q8_0: 32 codes of eight bits have a scale in half a word. */
const Q8_0 = (weights: number) => (34 / 32) * weights;
/** Of HQQ: 64 codes of four bits have a scale and a zero. */
const HQQ = (weights: number) => weights / 2 + 2 * F32 * (weights / 64);

test.each([
  ['qlora', {}, NF4],
  ['hqq_lora', { quantization: { nbits: 4, group_size: 64 } }, HQQ],
] as const)(
  'each worker has its part of a base of %s, and one layer of it beside',
  async (type, fields, codesOf) => {
    for (const workers of [2, 4])
      await expectParts(MODEL, runs, { type, workers, codesOf, fields });
  },
  240_000,
);

test.each([
  ['4 bits', { method: 'nf4', groupSize: 64 }, NF4],
  ['4 bits with scales in codes', { method: 'nf4', groupSize: 64, quantScale: true }, DOUBLE_NF4],
] as const)(
  'each worker has its part of a folder that has %s, and one layer of it beside',
  async (_, scheme, codesOf) => {
    const model = await inCodesOfBitsandbytes(scheme);
    using ofFolder = await SharedRuns.build(model);
    await expectParts(model, ofFolder, { type: 'qlora', workers: 2, codesOf });
  },
  240_000,
);

/** Holds what workers have of a base, and the losses, to the weights' bytes, the forecast and one device. */
async function expectParts(
  model: typeof MODEL,
  ofModel: SharedRuns,
  {
    type,
    workers,
    codesOf,
    fields = {},
  }: {
    readonly type: string;
    readonly workers: number;
    readonly codesOf: (weights: number) => number;
    readonly fields?: object;
  },
): Promise<void> {
  const given = {
    ...{ type, lora: LORA, optim: 'sgd', max_steps: 3, ...fields },
    gradient_accumulation_steps: workers,
  };
  const training = { ...trainingOf(given), ...model };
  const strategy = 'full_shard';
  const alone = await run(gpu, training, undefined);
  const shared = await ofModel.run(gpu, given, { strategy, workers });
  const block = blockBytes(codesOf);
  const part = (LAYERS * block + F32 * HIDDEN * (2 * VOCABULARY + 1)) / workers;
  const codes = await storedCodes(model.folder, model.model);
  const { config } = training;
  const foretold = forecastLlama(model.model, config, config.length, { workers, strategy }, codes);
  // Of what is trained gradients and state are as large, and no weights.
  const kept = updateRule(config.optimizer, { name: 'constant' }).state.length;
  const foretoldPart = foretold.frozen + foretold.trained / (2 + kept);
  expect(shared.ends.map(({ rank }) => rank)).toEqual(Array.from({ length: workers }, (_, i) => i));
  for (const { weights } of shared.ends) {
    expect(Math.abs(weights.lasting / part - 1), `${workers} workers`).toBeLessThan(0.02);
    expect(Math.abs(weights.lasting / foretoldPart - 1), 'as foretold').toBeLessThan(0.02);
    expect(Math.abs(weights.peak / (part + block) - 1)).toBeLessThan(0.02);
  }
  for (const peak of peaksOf(shared))
    expect(Math.abs(peak / foretold.total - 1), 'a peak as foretold').toBeLessThan(0.1);
  expectSameLosses(shared, alone);
}

/** The most that each worker took. */
function peaksOf({ told }: Told): readonly number[] {
  const last = told.findLast((one) => one.type === 'step');
  const peaks = last?.type === 'step' ? last.peakBytesOfWorkers : undefined;
  return peaks as readonly number[];
}

/** The model with the linears of its blocks as bitsandbytes writes them. */
async function inCodesOfBitsandbytes(options: SchemeOptions): Promise<typeof MODEL> {
  const file = (name: string) => MODEL.folder.get(name) as PartFile;
  const bytesOf = async (name: string) => await file(name).read(0, file(name).bytes);
  const stored: [string, StoredTensor][] = [];
  for (const [name, tensor] of readSafetensors(await bytesOf('model.safetensors')).tensors) {
    if (!name.endsWith('_proj.weight')) {
      stored.push([name, tensor]);
      continue;
    }
    using tape = new Tape(gpu);
    using dense = Tensor.from(gpu, toHostTensor(tensor));
    const { quantize, filed } = schemeOf(options, tensor.shape);
    const parts: Record<string, HostTensor> = {};
    for (const [part, made] of Object.entries(tape.noGrad(() => quantize(tape, dense, name))))
      parts[part] = await made.read();
    for (const [part, codes] of filed?.(parts, tensor.shape) ?? [])
      stored.push([`${layerOf(name)}.${part}`, codes]);
  }
  const config = {
    ...JSON.parse(new TextDecoder().decode(await bytesOf('config.json'))),
    quantization_config: { quant_method: 'bitsandbytes', load_in_4bit: true },
  };
  const folder = folderOf({
    'config.json': JSON.stringify(config),
    'model.safetensors': writeStored(stored, {}),
  });
  return { folder, model: await modelConfigIn(folder) };
}

type Told = Pick<Awaited<ReturnType<typeof run>>, 'told'>;

function expectSameLosses(shared: Told, alone: Told): void {
  const losses = stepsOf(courseOf(shared.told)).map(({ loss }) => loss as number);
  expect(losses).toHaveLength(3);
  for (const [i, { loss }] of stepsOf(courseOf(alone.told)).entries())
    expect(Math.abs((losses[i] as number) / (loss as number) - 1)).toBeLessThan(1e-4);
}

const WIDE: ModelConfig = {
  ...{ ...TINY, hidden: HIDDEN, intermediate: HIDDEN, layers: LAYERS, context: 128 },
  ...{ heads: 2, kvHeads: 1, headDim: HIDDEN / 2, vocabulary: 600 },
};

/** A model from a GGUF file in Q8_0, whose embeddings and head are larger than a block. */
async function ggufModel(): Promise<typeof MODEL> {
  const random = new Random(11);
  const tensors = [...tensorShapes(WIDE)].map(([name, shape]): [string, GivenTensor] => {
    const [rows = 1, columns] = shape;
    if (columns === undefined)
      return [
        name,
        { type: 'f32', shape, bytes: toStored(filledTensor('f32', shape, () => 1)).bytes },
      ];
    const blocks = drawnBlocks(random, 'q8_0', [rows], columns / 32, (drawn) =>
      drawn.uniform(1e-4, 1e-3),
    );
    return [name, { type: 'q8_0', shape, bytes: toStored(blocks).bytes }];
  });
  const file = await ggufModelFile(WIDE, new Map(tensors));
  return { folder: await ggufModelFiles(partsOfBytes(file)), model: WIDE };
}

describe('the tables of a GGUF file', () => {
  const table = F32 * HIDDEN * WIDE.vocabulary;
  const fields = { type: 'lora', lora: LORA, optim: 'sgd', max_steps: 3 };
  const inTwo = { ...fields, gradient_accumulation_steps: 2 };
  let model: typeof MODEL;
  let alone: Told;
  beforeAll(async () => {
    model = await ggufModel();
    alone = await run(gpu, { ...trainingOf(inTwo), ...model }, undefined);
  }, 240_000);

  test('are in parts at the workers, and one of them whole beside', async () => {
    using ofFile = await SharedRuns.build(model);
    const shared = await ofFile.run(gpu, inTwo, { strategy: 'full_shard' });
    const part = (LAYERS * blockBytes(Q8_0) + 2 * table + F32 * HIDDEN) / 2;
    expect(shared.ends).toHaveLength(2);
    for (const { weights } of shared.ends) {
      expect(Math.abs(weights.lasting / part - 1)).toBeLessThan(0.02);
      expect(Math.abs(weights.peak / (part + table) - 1)).toBeLessThan(0.02);
    }
    expectSameLosses(shared, alone);
  }, 240_000);

  test('are on the host with offload, and the losses have the same bits', async () => {
    const offloaded = { ...trainingOf({ ...inTwo, use_cpu_offload: true }), ...model };
    const { told } = await run(gpu, offloaded, undefined);
    expect(courseOf(told)).toEqual(courseOf(alone.told));
    const loaded = told.find((one) => one.type === 'loaded');
    expect(loaded?.bytes).toBeLessThan(table / 10);
  }, 240_000);
});
