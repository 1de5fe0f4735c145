import type { FolderPlace } from '../../formats/hugging-face/folder-place.ts';

/** What the model of the project consists of. */
const FILES = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];

/**
 * Gradproof's small model, which lies beside the page: a megabyte, fetched whole, so that it is
 * there without a network too. Throws, with a line for people, where it cannot be had.
 */
export async function smallModel(): Promise<FolderPlace> {
  const files = FILES.map(async (name) => {
    const response = await fetch(new URL(`model/${name}`, document.baseURI));
    if (!response.ok)
      throw new Error(
        `model/${name} beside this page could not be read (${response.status}): choose a folder of your own instead`,
      );
    return new File([await response.blob()], name);
  });
  return { kind: 'files', files: await Promise.all(files) };
}
