import { FormatError } from '../format-error.ts';
import { MOST_CONFIG_BYTES, type ModelConfig, readModelConfig } from './config.ts';
import { ConfigError } from './config-error.ts';
import { WHOLE } from './fields.ts';
import { type ModelFolder, unreadFormats } from './shards.ts';

const CONFIG = 'config.json';

/**
 * The model that a folder's config.json describes. Throws ConfigError where there is none, which
 * names files with weights in formats that are not read too, or where it describes no model that is
 * known; FormatError where it is no JSON object.
 */
export async function modelConfigIn(folder: ModelFolder): Promise<ModelConfig> {
  const file = folder.get(CONFIG);
  if (!file)
    throw new ConfigError([
      {
        code: 'missing',
        path: CONFIG,
        message: `the folder has no ${CONFIG}`,
        suggestion: WHOLE,
      },
      ...(await unreadFormats(folder)).map(
        ({ name, ...told }) => ({ code: 'not-supported', path: name, ...told }) as const,
      ),
    ]);
  if (file.bytes > MOST_CONFIG_BYTES)
    throw new FormatError(`${CONFIG} has ${file.bytes} bytes: a config.json has a few thousand`);
  return readModelConfig(new TextDecoder().decode(await file.read(0, file.bytes)));
}
