import { expect, test } from 'vitest';
import { tokenizerFolder } from '../../formats/hugging-face/fixtures/tokenizers.ts';
import { openTokenizer } from '../../formats/hugging-face/tokenizer.ts';
import { partsOfBlob } from '../../formats/part-file.ts';
import { PartFaults } from './request-faults.ts';
import { readTexts } from './texts.ts';
import { HeardTexts, type TextsTold, tellTexts } from './told-texts.ts';

const FOLDER = tokenizerFolder('smollm');
const SETTINGS = { dataFormat: undefined, length: 64 };

const fileOf = (text: string) => new File([text], 'data');
async function told(text: string, settings: object = {}): Promise<readonly TextsTold[]> {
  const all: TextsTold[] = [];
  const request = {
    ...{ folder: { kind: 'files', files: [] } as const, data: fileOf(text) },
    settings: { ...SETTINGS, ...settings },
  };
  await tellTexts(
    request,
    async () => FOLDER,
    (each) => void all.push(structuredClone(each)),
  );
  return all;
}
const heard = (all: readonly TextsTold[]) => {
  const texts = new HeardTexts();
  return all.map((each) => texts.hear(each, () => {})).at(-1);
};
const RECORDS = Array.from({ length: 1500 }, (_, i) =>
  JSON.stringify({ text: `${i} sheep ${'one two three '.repeat(3 + (i % 5))}` }),
).join('\n');

test('texts that are told some at a time are those that are read here', async () => {
  const all = await told(RECORDS);
  const here = await readTexts(partsOfBlob(fileOf(RECORDS)), await openTokenizer(FOLDER), SETTINGS);
  expect(heard(all)).toEqual(here);
  expect(here.items).toHaveLength(1500);
  const sizes = all.flatMap((each) =>
    each.type === 'texts' ? [each.items.reduce((sum, { ids }) => sum + ids.length, 0)] : [],
  );
  expect(sizes.length).toBeGreaterThan(2);
  expect(Math.max(...sizes)).toBeLessThan(2 ** 15 + SETTINGS.length);
});

test('how many records are done is told on the way', async () => {
  const progress = (await told(RECORDS)).flatMap((each) =>
    each.type === 'progress' ? [each] : [],
  );
  expect(progress.length).toBeGreaterThan(0);
  expect(progress.every(({ of }) => of === 1500)).toBe(true);
  expect(progress.map(({ done }) => done)).toEqual(
    progress.map(({ done }) => done).sort((a, b) => a - b),
  );
});

test('what is wrong is told line by line, as where it is read here', async () => {
  const all = await told('{"text":"one"}\n{"text":\n{"nothing":1}\n');
  expect(all.map(({ type }) => type)).toEqual(['faults']);
  let thrown: unknown;
  try {
    heard(all);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(PartFaults);
  expect((thrown as PartFaults).faults.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^line 2: /),
    expect.stringMatching(/^line 3: /),
  ]);
  await expect(async () => heard(await told('a', { dataFormat: 'chat' }))).rejects.toThrow(
    'no JSON, which the format "chat" is',
  );
});
