import { keepsFrozen } from '../../train/llama/keeps-frozen.ts';
import { tuningWords } from './tuning.en.ts';
import type { Inspection, TuningChoices } from './tuning-choice.ts';

/** What a run is called by: its model. */
export function modelName({ kind, folder }: Pick<TuningChoices, 'kind' | 'folder'>): string {
  return kind === 'small' ? tuningWords().folder.small : (folder?.name ?? '');
}

/**
 * What Start does with what is chosen, or what keeps it from that, in a sentence; a second one says
 * where the model as it was cannot be asked any more.
 */
export function whatStarts(
  chosen: Pick<TuningChoices, 'kind' | 'folder'>,
  { reading, found, forecast }: Pick<Inspection, 'reading' | 'found' | 'forecast'>,
  onReference: boolean,
): string {
  const { starts, reading: isRead } = tuningWords();
  if (reading) return isRead;
  if (chosen.kind === 'folder' && !chosen.folder) return starts.nothing;
  if (!found?.request || !forecast) return starts.faulty;
  const { config, texts, steps } = found.request;
  const name = modelName(chosen);
  // On the reference it is not asked at all.
  if (onReference) return starts.onReference(name, config.type, texts.length, steps);
  const summary = starts.summary(name, config.type, texts.length, steps, forecast.total);
  return keepsFrozen(config) ? summary : `${summary} ${starts.overwrites}`;
}
