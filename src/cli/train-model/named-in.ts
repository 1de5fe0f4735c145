import { parseJsonObject } from '../../formats/strict-json.ts';
import { readInput } from '../files.ts';

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
