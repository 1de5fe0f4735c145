import * as v from 'valibot';
import { expect, test } from 'vitest';
import type { TuningChoices } from '../tune/tuning-choice.ts';
import { choicesOf, keptRunOf } from './kept-choices.ts';
import { keptRun } from './kept-run.ts';

const STARTED = { startedAt: new Date(Date.UTC(2026, 10, 27)), steps: 40 };
/** As a browser gives the files of a folder. */
const FOLDER = ['config.json', 'model.safetensors'].map((name) =>
  Object.assign(new File([name], name), { webkitRelativePath: `mine/${name}` }),
);

/** The choices of a run that is resumed, with the files of its model chosen again. */
function resumed(choices: TuningChoices, files?: readonly File[]): TuningChoices {
  const run = v.parse(keptRun, JSON.parse(JSON.stringify(keptRunOf(choices, STARTED))));
  const last = { step: 3, loss: 2, at: new Date() };
  const checkpoints = {} as FileSystemDirectoryHandle;
  return choicesOf(
    {
      ...{ id: 'one', run, data: choices.data, checkpoints, bytes: 1, last, isElsewhere: false },
      adapterFiles: choices.adapter?.place.files ?? [],
    },
    files,
  );
}

test('a run over the project’s own model is chosen again as it was', () => {
  const choices = { kind: 'small', settings: { type: 'qlora', lora: { r: 16 } } } as const;
  expect(resumed(choices)).toEqual(choices);
});

test('of a folder the name is kept, and its files are those that are chosen again', () => {
  const data = new File(['The fox'], 'foxes.txt');
  const folder = { name: 'mine', place: { kind: 'files', files: FOLDER } } as const;
  const choices: TuningChoices = {
    ...{ kind: 'folder', folder, data, form: 'merged' },
    sharding: { workers: 2, strategy: 'full_shard' },
    settings: { type: 'lora' },
  };
  expect(keptRunOf(choices, STARTED)).toMatchObject({
    model: { name: 'mine', isFile: false },
    data: 'foxes.txt',
    steps: 40,
  });
  const again = resumed(choices, FOLDER.slice());
  expect(again).toEqual(choices);
  expect(again.data).toBe(data);
});

test('a lone file is asked for as one', () => {
  const file = new File(['GGUF'], 'tiny.gguf');
  const folder = { name: 'tiny.gguf', place: { kind: 'files', files: [file] } } as const;
  const choices = { kind: 'folder', folder, settings: {} } as const;
  expect(keptRunOf(choices, STARTED).model).toEqual({ name: 'tiny.gguf', isFile: true });
});

test('a folder that was chosen for a model of another kind is not kept', () => {
  const folder = { name: 'mine', place: { kind: 'files', files: FOLDER } } as const;
  expect(keptRunOf({ kind: 'small', folder, settings: {} }, STARTED)).not.toHaveProperty('model');
});

test('an adapter that a run goes on from is chosen again with its own files', () => {
  const files = ['adapter_config.json', 'adapter_model.safetensors'].map(
    (name) => new File([], name),
  );
  const adapter = { name: 'adapter', place: { kind: 'files', files } } as const;
  const choices = { kind: 'small', adapter, settings: { type: 'qlora' } } as const;
  expect(keptRunOf(choices, STARTED).adapter?.files).toEqual(files.map(({ name }) => name));
  expect(resumed(choices)).toEqual(choices);
});
