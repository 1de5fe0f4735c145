import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { dirname } from 'node:path/posix';
import { importsOf } from '../../syntax/imports.ts';

/** Folders with unit tests and with what they import. */
const FOLDERS = ['src', 'suites', 'scripts'];
const IS_TEST = /\.test\.ts$/;
/** Starts a browser or computes on its software adapter, and takes seconds. */
const IS_SLOW = /\.gpu(\.full)?\.test\.ts$/;

/** A file of unit tests that imports a file, at so many imports from it, or 1 in its folder. */
export interface Importer {
  readonly file: string;
  readonly distance: number;
  readonly isSlow: boolean;
}

/** Which unit tests can evaluate a file at all: those that import it, directly or not. */
export class TestFiles {
  readonly #importers = new Map<string, Set<string>>();

  /** `sources` are all TypeScript by its path from the root. */
  constructor(sources: ReadonlyMap<string, string>) {
    const files = [...sources.keys()];
    for (const [file, source] of sources)
      for (const { to, glob } of importsOf(file, source))
        for (const target of glob ? files.filter((one) => isIn(to, one)) : [to])
          this.#add(target, file);
  }

  static read(root: string): TestFiles {
    const files = FOLDERS.flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(
        (file) => `${folder}/${file.split(sep).join('/')}`,
      ),
    ).filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
    return new TestFiles(
      new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')])),
    );
  }

  /**
   * The files of tests that reach `file`, the nearest first, slow ones last. One in its own folder is
   * written for it, so that it is next to it whatever it imports; a word that their paths have in
   * common counts as much as an import less.
   */
  of(file: string): readonly Importer[] {
    const distances = new Map([[file, 0]]);
    for (const [each, distance] of distances)
      for (const importer of this.#importers.get(each) ?? [])
        if (!distances.has(importer)) distances.set(importer, distance + 1);
    return [...distances]
      .filter(([each]) => IS_TEST.test(each))
      .map(([each, imports]) => ({
        file: each,
        distance: dirname(each) === dirname(file) ? 1 : imports,
        isSlow: IS_SLOW.test(each),
      }))
      .sort((a, b) => Number(a.isSlow) - Number(b.isSlow) || farness(a, file) - farness(b, file));
  }

  #add(target: string, importer: string): void {
    const importers = this.#importers.get(target) ?? new Set();
    importers.add(importer);
    this.#importers.set(target, importers);
  }
}

function farness({ file, distance }: Importer, of: string): number {
  return distance - sharedWords(file, of);
}

/** Words of a file's path that are also in another's. */
function sharedWords(one: string, other: string): number {
  const words = new Set(wordsOf(other));
  return new Set(wordsOf(one).filter((word) => words.has(word))).size;
}

function wordsOf(path: string): readonly string[] {
  return path.replace(/(?:\.test)?\.ts$/, '').split(/[^a-z0-9]+/);
}

function isIn(folder: string, file: string): boolean {
  return file.startsWith(folder.endsWith('/') ? folder : `${folder}/`) && !IS_TEST.test(file);
}
