import { FormatError } from '../formats/format-error.ts';
import { type ParityBundle, readParityBundle } from '../formats/parity-bundle.ts';
import { declareReplay, declareUnreadable } from '../testing/parity.ts';
import type { Case } from '../testing/suite.ts';

/** A parity bundle as it was found. */
export interface BundleFile {
  /** File name or path, as messages show it; the last part without `.safetensors` names the case. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether a person named this very file, so that a bad one is wrong use; one that was found in a folder is an `error` case. */
  readonly direct: boolean;
}

/** A case that replays a bundle, with what a worker needs to make it again. */
export interface ReplayCase {
  readonly declared: Case;
  readonly bundle: WorkerBundle;
}

/** A bundle on its way to a worker. */
export interface WorkerBundle {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The cases that replay `files`, in order. Throws FormatError, with the file's name, when one that was named directly is bad. */
export function replayCases(files: readonly BundleFile[]): readonly ReplayCase[] {
  const taken = new Set<string>();
  return files.map(({ name: path, bytes, direct }) => {
    if (direct) demandReadable(path, bytes);
    const name = uniqueName(caseName(path), taken);
    const bundle = { name, bytes };
    return { declared: replayCase(bundle), bundle };
  });
}

/** The case that replays a bundle; of a bad one, a case that throws what is wrong with it. */
export function replayCase({ name, bytes }: WorkerBundle): Case {
  let bundle: ParityBundle;
  try {
    bundle = readParityBundle(bytes);
  } catch (error) {
    if (error instanceof FormatError) return declareUnreadable(name, error);
    throw error;
  }
  return declareReplay(name, bundle);
}

function demandReadable(path: string, bytes: Uint8Array): void {
  try {
    readParityBundle(bytes);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new FormatError(`${path}: ${error.message}`, { cause: error });
  }
}

/** The last part of a path without extension, with what a case id may not hold replaced. */
function caseName(path: string): string {
  const file = path.split(/[\\/]/).at(-1) ?? path;
  return file.replace(/\.safetensors$/, '').replace(/[\s;=:*!\p{Cc}]+/gu, '_') || 'bundle';
}

function uniqueName(name: string, taken: Set<string>): string {
  let unique = name;
  for (let n = 2; taken.has(unique); n++) unique = `${name}~${n}`;
  taken.add(unique);
  return unique;
}
