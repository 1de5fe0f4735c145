import type { DroppedFile } from './dropped-files.ts';

const CONFIG = 'config.json';
const isGguf = ({ path }: DroppedFile) => /\.gguf$/i.test(path);

/**
 * The folder of a model among dropped files: that of the first config.json, without folders in it;
 * where there is none the first `.gguf` file alone.
 */
export function modelFolderIn(
  files: readonly DroppedFile[],
): { readonly name: string; readonly files: readonly File[] } | undefined {
  const config = firstNamed(files, CONFIG);
  const gguf = files.find(isGguf);
  if (!config && gguf) return { name: gguf.file.name, files: [gguf.file] };
  if (!config || files.length < 2) return undefined;
  const folder = config.path.slice(0, -CONFIG.length);
  return { name: folder.split('/').at(-2) ?? '', files: filesBeside(files, folder) };
}

const ADAPTER = 'adapter_config.json';

/** The files of a saved adapter among dropped files: what lies beside the first adapter_config.json. */
export function adapterIn(files: readonly DroppedFile[]): readonly File[] | undefined {
  const config = firstNamed(files, ADAPTER);
  if (!config) return undefined;
  const beside = filesBeside(files, config.path.slice(0, -ADAPTER.length));
  return beside.length < 2 ? undefined : beside;
}

const firstNamed = (files: readonly DroppedFile[], name: string) =>
  files.find(({ path }) => path === name || path.endsWith(`/${name}`));

/** Without those in folders there. */
const filesBeside = (files: readonly DroppedFile[], folder: string): readonly File[] =>
  files.filter(({ path, file }) => path === folder + file.name).map(({ file }) => file);
