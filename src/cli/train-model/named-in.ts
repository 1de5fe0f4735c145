import { parseJsonObject } from '../../formats/strict-json.ts';
import type { TrainOptions } from '../commands/train.ts';
import { type Inputs, readInput } from '../files.ts';

/** The path that a file of settings names; undefined where it names none or is no JSON. */
export function namedIn(config: string, what: 'model' | 'data'): string | undefined {
  const text = new TextDecoder().decode(readInput('--config', config));
  try {
    const path = parseJsonObject(text, 'the file')[what];
    return typeof path === 'string' && path !== '' ? path : undefined;
  } catch {
    return undefined; // the command that reads the settings says what is wrong with them
  }
}

/** The file with the texts of a run, by what names it: the option, or else the file of settings. */
export function dataInput({
  data,
  config,
}: Pick<Partial<TrainOptions>, 'data' | 'config'>): Inputs {
  if (data !== undefined || config === undefined) return { '--data': data };
  return { [`"data" of --config ${config}`]: namedIn(config, 'data') };
}
