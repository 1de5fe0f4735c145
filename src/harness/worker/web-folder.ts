import { FormatError, quote } from '../../formats/format-error.ts';
import { type FolderPlace, FolderPlaceError } from '../../formats/hugging-face/folder-place.ts';
import { modelFiles } from '../../formats/hugging-face/model-files.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import { partsOfBlob } from '../../formats/part-file.ts';
import { partsOfAddress } from '../../formats/served-file.ts';

/**
 * A folder as a page or its worker reads it: files that were chosen, or that the page's own server
 * gives. Throws {@link FolderPlaceError} for a path or another server, FormatError for two files of
 * one name, and as `modelFiles` does.
 */
export async function openWebFolder(place: FolderPlace): Promise<ModelFolder> {
  if (place.kind === 'path')
    throw new FolderPlaceError(
      `a page cannot read ${quote(place.path)}: choose the files of the folder`,
    );
  if (place.kind === 'served') return await modelFiles(servedFiles(place.url, place.files));
  const files = new Map(place.files.map((file) => [file.name, partsOfBlob(file)]));
  if (files.size < place.files.length)
    throw new FormatError('two of the files have one name: choose those of one folder');
  return await modelFiles(files);
}

function servedFiles(
  url: string,
  files: readonly { readonly name: string; readonly bytes: number }[],
): ModelFolder {
  const base = new URL(url, self.location.href);
  if (base.origin !== self.location.origin)
    throw new FolderPlaceError(
      `${quote(base.origin)} is another server than the page's: only its own serves folders`,
    );
  return new Map(
    files.map(({ name, bytes }) => [
      name,
      partsOfAddress(new URL(encodeURIComponent(name), base).href, bytes),
    ]),
  );
}
