import { FolderPlaceError } from '../../formats/hugging-face/folder-place.ts';
import type { OutputPlace } from '../../formats/output-folder.ts';

/** The path of a folder that Node writes into. Throws {@link FolderPlaceError} for a page's handle. */
export function pathOf(place: OutputPlace): string {
  if (typeof place === 'string') return place;
  throw new FolderPlaceError('Node writes into folders on its disk alone: give the path of one');
}
