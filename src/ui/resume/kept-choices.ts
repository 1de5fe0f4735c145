import { chosenFolder } from '../../formats/hugging-face/folder-place.ts';
import type { ChosenFolder, TuningChoices } from '../tune/tuning-choice.ts';
import type { KeptModel, KeptRun } from './kept-run.ts';
import type { ResumableRun } from './resumable-runs.ts';

/** What of a run's choices is kept; the files of its model stay where they are. */
export function keptRunOf(
  { folder, kind, data, adapter, settings, form, sharding }: TuningChoices,
  { startedAt, steps }: { readonly startedAt: Date; readonly steps: number },
): KeptRun {
  const own = kind === 'folder' ? folder : undefined;
  return {
    version: 1,
    startedAt: startedAt.toISOString(),
    ...(own ? { model: keptModelOf(own) } : {}),
    ...(data ? { data: data.name } : {}),
    ...(adapter ? { adapter: { name: adapter.name, files: namesIn(adapter) } } : {}),
    settings: { ...settings },
    ...(form ? { form } : {}),
    ...(sharding ? { sharding } : {}),
    steps,
  };
}

/** The choices that a run was started with; `files` are those of its model, chosen again. */
export function choicesOf(
  { run: { model, settings, form, sharding, adapter }, data, adapterFiles }: ResumableRun,
  files: readonly File[] = [],
): TuningChoices {
  const place = chosenFolder(files);
  return {
    ...(model ? { kind: 'folder', folder: { name: model.name, place } } : { kind: 'small' }),
    ...(data ? { data } : {}),
    ...(adapter
      ? { adapter: { name: adapter.name, place: { kind: 'files', files: adapterFiles } } }
      : {}),
    settings,
    ...(form ? { form } : {}),
    ...(sharding ? { sharding } : {}),
  };
}

/** What of a chosen model is kept. */
export const keptModelOf = (folder: ChosenFolder): KeptModel => ({
  name: folder.name,
  isFile: isFile(folder),
});

const namesIn = ({ place: { files } }: ChosenFolder): string[] => files.map(({ name }) => name);

/** A lone file is called by its own name. */
const isFile = ({ name, place: { files } }: ChosenFolder): boolean =>
  files.length === 1 && files[0]?.name === name;
