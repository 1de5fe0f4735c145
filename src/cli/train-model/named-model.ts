import { parseJsonObject } from '../../formats/strict-json.ts';
import { readInput } from '../files.ts';

/** The folder that a file of settings names; undefined where it names none or is no JSON. */
export function namedModel(config: string): string | undefined {
  const text = new TextDecoder().decode(readInput('--config', config));
  try {
    const { model } = parseJsonObject(text, 'the file');
    return typeof model === 'string' && model !== '' ? model : undefined;
  } catch {
    return undefined; // the command that reads the settings says what is wrong with them
  }
}
