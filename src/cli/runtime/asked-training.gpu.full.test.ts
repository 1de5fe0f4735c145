import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import { Pause } from '../../harness/training/pause.ts';
import { Questions } from '../../harness/tuning/questions.ts';
import { type TuningControls, type TuningEvent, tune } from '../../harness/tuning.ts';
import { filesIn } from '../../harness/worker/node-folder.ts';
import { generate } from '../../models/generation/generate.ts';
import { initialLlama } from '../../models/llama/initial.ts';
import type { Llama } from '../../models/llama/llama.ts';
import { Random } from '../../tensor/random.ts';
import type { OutputFile } from '../../train/adapter-files.ts';
import { trainingConfigOf } from '../../train/llama/config/read-training-config.ts';
import { openModel } from '../../train/llama/open-model.ts';
import type { AnswerPart, Question } from '../../train/llama/question.ts';
import { readAdapter } from '../../train/llama/saved-adapter.ts';
import { softwareGpu, softwareProvider } from './fixtures/software-gpu.ts';
import { workerInProcess } from './fixtures/worker-in-process.ts';

/** A model is asked while it is trained, on a browser's SwiftShader: the training is the same. */

const LENGTH = 12;
const STEPS = 4;
const PROMPT = [3, 1, 4];
const GREEDY: Question = { prompt: PROMPT, maxTokens: 5 };
const DRAWN: Question = { ...GREEDY, choose: { temperature: 1, seed: 7 } };
const CONFIG = {
  ...{ model_type: 'llama', hidden_size: 64, intermediate_size: 128, num_hidden_layers: 2 },
  ...{ num_attention_heads: 4, num_key_value_heads: 2, vocab_size: 64 },
  max_position_embeddings: 32,
};
const SIZES = {
  ...{ vocab: 64, hidden: 64, intermediate: 128, layers: 2, heads: 4, kv_heads: 2 },
  ...{ rms_eps: 1e-6, rope_theta: 10_000 },
};
const texts: readonly LabelledTokens[] = Array.from({ length: 20 }, (_, text) => {
  const ids = Array.from({ length: LENGTH }, (_, i) => (5 * text + 3 * i) % 64);
  return { ids, asked: ids.map(() => true) };
});

const QLORA = { type: 'qlora', lora: { r: 4, target_modules: 'all-linear' } };

let folder: string;
let gpu: GPU;
beforeAll(async () => {
  gpu = await softwareProvider();
  folder = mkdtempSync(join(tmpdir(), 'asked-'));
  const weights = Object.fromEntries(initialLlama(SIZES, new Random(1), 0.2));
  writeFileSync(join(folder, 'config.json'), JSON.stringify(CONFIG));
  writeFileSync(join(folder, 'model.safetensors'), writeSafetensors(weights));
});
afterAll(() => rmSync(folder, { recursive: true }));

const configOf = (given: object) =>
  trainingConfigOf({
    ...{ max_length: LENGTH, learning_rate: 0.01, judge_steps: 0, max_steps: STEPS, seed: 3 },
    per_device_train_batch_size: 4,
    ...given,
  });

/** A run, and what it emitted; `act` is called with each event. */
async function play(
  given: object,
  talkMs: number | undefined,
  act: (event: TuningEvent, abort: AbortController) => void = () => {},
  controls: TuningControls = {},
) {
  const abort = new AbortController();
  const events: TuningEvent[] = [];
  const request = {
    ...{ folder: { kind: 'path', path: folder } as const, name: 'tiny', base: 'tiny' },
    ...{ texts, config: configOf(given), steps: STEPS },
    ...(talkMs === undefined ? {} : { talkMs }),
  };
  const { report, files } = await tune(
    { cases: new Map(), startWorker: () => workerInProcess(gpu) },
    request,
    (event) => {
      events.push(event);
      act(event, abort);
    },
    abort.signal,
    controls,
  );
  return { result: report.results[0], files, told: events.map(({ type }) => type) };
}

const settled = (answers: readonly AnswerPart[]) =>
  answers.filter(({ type }) => type !== 'token').length;

/** Asks and collects what is answered; `settle` is called when both have. */
function ask(questions: Questions, question: Question, settle = () => {}): AnswerPart[] {
  const parts: AnswerPart[] = [];
  questions.ask(question, (part) => {
    parts.push(part);
    if (settled(parts) === 2 && part.type !== 'token') settle();
  });
  return parts;
}

const tokensOf = (parts: readonly AnswerPart[], answerer: AnswerPart['by']) =>
  parts.flatMap((part) => (part.type === 'token' && part.by === answerer ? [part.token] : []));

/** What a model that is loaded by itself writes. */
async function written(open: (device: Parameters<typeof generate>[0]) => Promise<Llama>) {
  using device = await softwareGpu();
  using model = await open(device);
  const answers: number[][] = [];
  for (const { prompt, ...options } of [GREEDY, DRAWN]) {
    const tokens: number[] = [];
    for await (const token of generate(device, model, prompt, options)) tokens.push(token);
    answers.push(tokens);
  }
  return answers;
}

const bytesOf = (files: readonly OutputFile[]) => files.map(({ name, data }) => [name, [...data]]);

test('a model that is asked learns the same, bit by bit, and answers as it is and as it was', async () => {
  const alone = await play(QLORA, undefined);
  const questions = new Questions();
  const pause = new Pause();
  const first = ask(questions, GREEDY);
  const answers: Record<string, AnswerPart[]> = {};
  const asked = await play(
    QLORA,
    60_000,
    (event) => {
      if (event.type === 'step' && event.step === 1) answers['between'] = ask(questions, DRAWN);
      if (event.type === 'step' && event.step === 2) pause.on = true;
      if (event.type === 'paused')
        answers['paused'] = ask(questions, GREEDY, () => {
          pause.on = false;
        });
      if (event.type === 'talking')
        answers['last'] = ask(questions, GREEDY, () => {
          answers['drawn'] = ask(questions, DRAWN, () => questions.close());
        });
    },
    { questions, pause },
  );
  expect(alone.told.filter((type) => type === 'talking' || type === 'paused')).toEqual([]);
  expect(asked.told.slice(-3)).toEqual(['saved', 'talking', 'end']);
  expect([alone.result?.status, asked.result?.status]).toEqual(['pass', 'pass']);
  expect(bytesOf(asked.files)).toEqual(bytesOf(alone.files));
  expect(asked.result?.series).toEqual(alone.result?.series);
  expect(asked.result?.metrics).toEqual(alone.result?.metrics);

  const { between = [], paused = [], last = [], drawn = [] } = answers;
  const ends = (parts: readonly AnswerPart[]) => parts.filter(({ type }) => type === 'end');
  for (const [parts, step] of [
    [first, 0],
    [between, 1],
    [paused, 2],
    [last, STEPS],
    [drawn, STEPS],
  ] as const)
    expect(ends(parts)).toEqual([
      { type: 'end', by: 'tuned', step, cut: 'asked' },
      { type: 'end', by: 'frozen', step, cut: 'asked' },
    ]);

  const config = configOf(QLORA);
  const model = await modelConfigIn(await filesIn(folder));
  const place = await filesIn(folder);
  const [greedyBefore, drawnBefore] = await written((device) =>
    openModel(device, { folder: place, config: model }, { ...config, adapter: undefined }),
  );
  expect(first.map(({ by }) => by)).toContain('frozen');
  for (const parts of [first, paused, last])
    expect(tokensOf(parts, 'frozen')).toEqual(greedyBefore);
  expect(tokensOf(first, 'tuned'), 'adapters begin at zero').toEqual(greedyBefore);
  for (const parts of [between, drawn]) expect(tokensOf(parts, 'frozen')).toEqual(drawnBefore);
  const saved = join(folder, 'saved');
  mkdirSync(saved);
  for (const { name, data } of asked.files) writeFileSync(join(saved, name), data);
  const { values } = await readAdapter(await filesIn(saved));
  const [greedyAfter, drawnAfter] = await written((device) =>
    openModel(device, { folder: place, config: model }, config, values),
  );
  expect(tokensOf(last, 'tuned')).toEqual(greedyAfter);
  expect(tokensOf(drawn, 'tuned')).toEqual(drawnAfter);
  expect(greedyAfter).not.toEqual(greedyBefore);
});

test('a model whose run is stopped can be asked until the talk is closed', async () => {
  const questions = new Questions();
  let later: AnswerPart[] = [];
  const { result, told } = await play(
    QLORA,
    60_000,
    (event, abort) => {
      if (event.type === 'step' && event.step === 1) abort.abort();
      if (event.type === 'talking') later = ask(questions, GREEDY, () => questions.close());
    },
    { questions },
  );
  expect(result?.status).toBe('pass');
  expect(told.slice(-3)).toEqual(['saved', 'talking', 'end']);
  expect(told.filter((type) => type === 'step').length).toBeLessThan(STEPS);
  expect(tokensOf(later, 'tuned')).toHaveLength(5);
  expect(tokensOf(later, 'frozen')).toHaveLength(5);
});

test('of a model whose every weight is trained the first one is there before the first step alone', async () => {
  const questions = new Questions();
  const first = ask(questions, GREEDY);
  let later: AnswerPart[] = [];
  const { result, told } = await play(
    { type: 'full', learning_rate: 1e-3 },
    50,
    (event) => {
      if (event.type === 'step' && event.step === 1) later = ask(questions, GREEDY);
    },
    { questions },
  );
  expect(result?.status).toBe('pass');
  expect(told.slice(-3), 'it ends by itself where no one asks').toEqual([
    'saved',
    'talking',
    'end',
  ]);
  expect(tokensOf(first, 'frozen')).toEqual(tokensOf(first, 'tuned'));
  expect(tokensOf(first, 'frozen')).toHaveLength(5);
  expect(tokensOf(later, 'tuned')).toHaveLength(5);
  expect(later.at(-1)).toMatchObject({ type: 'refused', by: 'frozen', code: 'no-frozen-model' });
});

test('of a model with added blocks the first one is there all along, without them', async () => {
  const questions = new Questions();
  const first = ask(questions, GREEDY);
  let later: AnswerPart[] = [];
  const { result } = await play(
    { type: 'bnb_llama_pro', expansion_rate: 0.5, learning_rate: 0.05, max_steps: STEPS },
    50,
    (event) => {
      if (event.type === 'talking') later = ask(questions, GREEDY);
    },
    { questions },
  );
  expect(result?.status).toBe('pass');
  expect(tokensOf(first, 'frozen')).toHaveLength(5);
  expect(tokensOf(later, 'frozen')).toEqual(tokensOf(first, 'frozen'));
  expect(tokensOf(later, 'tuned')).toHaveLength(5);
  expect(tokensOf(later, 'tuned')).not.toEqual(tokensOf(later, 'frozen'));
});

test('an answer that ends by itself is not cut', async () => {
  const questions = new Questions();
  const first = ask(questions, GREEDY);
  let ended: AnswerPart[] = [];
  await play(
    QLORA,
    5000,
    (event) => {
      if (event.type !== 'talking') return;
      const eos = tokensOf(first, 'frozen').slice(0, 1);
      ended = ask(questions, { ...GREEDY, eos }, () => questions.close());
    },
    { questions },
  );
  expect(ended.filter(({ by }) => by === 'frozen').map(({ type }) => type)).toEqual([
    'token',
    'end',
  ]);
  expect(ended.at(-1)).not.toHaveProperty('cut');
});

test('an answer ends with the longest text and says so, and where it is not wanted; wrong questions are refused', async () => {
  const questions = new Questions();
  const long = ask(questions, { prompt: PROMPT, maxTokens: 1000 });
  const foreign = ask(questions, { prompt: [64], maxTokens: 2 });
  const tooLong = ask(questions, {
    prompt: Array.from({ length: LENGTH + 1 }, () => 1),
    maxTokens: 1,
  });
  const dropped: AnswerPart[] = [];
  const drop = questions.ask(GREEDY, (part) => {
    dropped.push(part);
    drop();
  });
  const { result, told } = await play(QLORA, 0, undefined, { questions });
  expect(result?.status).toBe('pass');
  expect(told).not.toContain('talking');
  for (const by of ['tuned', 'frozen'] as const)
    expect(tokensOf(long, by)).toHaveLength(LENGTH - PROMPT.length + 1);
  expect(long.at(-1)).toMatchObject({ type: 'end', cut: 'room' });
  expect(tooLong[0]).toMatchObject({
    message: `the question has ${LENGTH + 1} tokens, and the model reads ${LENGTH} at once: ask less, or train with a larger max_length, up to 32`,
  });
  for (const [parts, code] of [
    [foreign, 'bad-prompt'],
    [tooLong, 'prompt-too-long'],
  ] as const)
    expect(parts.map((part) => (part.type === 'refused' ? [part.by, part.code] : []))).toEqual([
      ['tuned', code],
      ['frozen', code],
    ]);
  expect(dropped).toHaveLength(1);
});
