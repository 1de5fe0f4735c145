import { FormatError, quote } from '../format-error.ts';
import { ggufModelFiles } from '../gguf/model-files.ts';
import type { ModelFolder } from './shards.ts';

const isGguf = (name: string) => /\.gguf$/i.test(name);

/**
 * The files of a model among those of a folder: these, or of a lone `.gguf` file without config.json
 * those that it stands for. Throws FormatError where several may be meant, and as
 * `ggufModelFiles` does.
 */
export async function modelFiles(folder: ModelFolder): Promise<ModelFolder> {
  const found = [...folder].filter(([name]) => isGguf(name));
  const [only] = found;
  if (!only || folder.has('config.json')) return folder;
  if (found.length === 1) return await ggufModelFiles(only[1], only[0]);
  const names = found.map(([name]) => quote(name)).join(', ');
  throw new FormatError(`the folder has ${names}: give the file that is meant`);
}
