import { GradproofError } from '../../errors.ts';

/** Where a folder lies; it can be sent to a worker, which reads it there. */
export type FolderPlace =
  /** On the disk of the process that reads it. */
  { readonly kind: 'path'; readonly path: string } | ChosenFiles | ServedFolder;

/** Files that a person chose in a page; their names are those in the folder. */
export interface ChosenFiles {
  readonly kind: 'files';
  readonly files: readonly File[];
}

/** A folder whose files a server gives in parts, to Range requests. */
export interface ServedFolder {
  readonly kind: 'served';
  /** Ends with a slash: the name of a file behind it is the address of the file. */
  readonly url: string;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
}

/** A place that the host at hand cannot read. */
export class FolderPlaceError extends GradproofError {
  constructor(message: string) {
    super('folder-place', message);
  }
}

/** The files of a folder that a person chose; those of folders inside of it are left out. */
export function chosenFolder(files: Iterable<File>): ChosenFiles {
  const isInside = ({ webkitRelativePath }: File) => webkitRelativePath.split('/').length > 2;
  return { kind: 'files', files: [...files].filter((file) => !isInside(file)) };
}
