import { expect, test } from 'vitest';
import { partsOfBytes } from '../../formats/part-file.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { trainingConfigOf } from '../llama/config/read-training-config.ts';
import { requireSubject, runSubject } from './run-subject.ts';

const text = (content: string) => partsOfBytes(new TextEncoder().encode(content));
const FOLDER = new Map([
  ['config.json', text('{}')],
  ['model.safetensors', text('weights')],
]);
const TEXTS = [
  { ids: [1, 2], asked: [false, true] },
  { ids: [3], asked: [true] },
];
const BASE = { type: 'lora', learning_rate: 1e-3, max_steps: 9, lora: { r: 4 } };
const subjectOf = (config: object = BASE, texts = TEXTS, folder = FOLDER) =>
  runSubject({ folder, texts, config: trainingConfigOf({ ...config }) });
const OWN = await subjectOf();

test('the same run is the same, wherever its data lie', async () => {
  const moved = await subjectOf({ ...BASE, data: 'elsewhere.jsonl' });
  expect(() => requireSubject(OWN, moved)).not.toThrow();
  expect(() => requireSubject(JSON.parse(JSON.stringify(OWN)), OWN)).not.toThrow();
});

const refused = (other: typeof OWN) => {
  try {
    requireSubject(OWN, other);
  } catch (error) {
    return (error as { code: string; message: string }).message;
  }
  return undefined;
};

test('another one is refused, and all that differs is named', async () => {
  const weights = new Map(FOLDER).set('model.safetensors', text('Weights'));
  expect(refused(await subjectOf(BASE, TEXTS, weights))).toMatch(
    /: the weights of the model are o/,
  );
  const config = new Map(FOLDER).set('config.json', text('[]'));
  expect(refused(await subjectOf(BASE, TEXTS, config))).toMatch(/the weights of the model/);
  const other = await subjectOf({ ...BASE, learning_rate: 1e-4, lora: { r: 8 } }, TEXTS.slice(1));
  expect(refused(other)).toMatch(
    /^the checkpoint is of another run: the texts are others, adapter\.rules\.r was 4 and is 8, optimizer\.lr was 0\.001 and is 0\.0001: [^\n]+$/,
  );
});

test('a run that began with other values beside the model is another one', async () => {
  const startedWith = (name: string, values: readonly number[]) =>
    runSubject({
      ...{ folder: FOLDER, texts: TEXTS, config: trainingConfigOf({ ...BASE }) },
      saved: new Map([[name, hostTensorFrom('f32', [2], values)]]),
    });
  const first = await startedWith('a', [1, 2]);
  expect(() => requireSubject(first, first)).not.toThrow();
  const refusal = /: what it began with beside the model is another: /;
  for (const other of [await startedWith('a', [1, 3]), await startedWith('b', [1, 2])])
    for (const [saved, own] of [
      [first, other],
      [other, first],
    ] as const)
      expect(() => requireSubject(saved, own)).toThrow(refusal);
  expect(() => requireSubject(first, OWN)).toThrow(refusal);
  // An earlier build told nothing of it, whatever the run began with.
  expect(() => requireSubject(OWN, first)).not.toThrow();
});

test('texts differ by a token, by what is asked, and by where one ends', async () => {
  const others = [
    [{ ids: [1, 4], asked: [false, true] }, TEXTS[1]],
    [{ ids: [1, 2], asked: [true, true] }, TEXTS[1]],
    [
      { ids: [1], asked: [false] },
      { ids: [2, 3], asked: [true, true] },
    ],
    TEXTS.toReversed(),
  ] as (typeof TEXTS)[];
  const sums = await Promise.all(others.map(async (texts) => (await subjectOf(BASE, texts)).data));
  expect(new Set([...sums, OWN.data]).size).toBe(5);
});
