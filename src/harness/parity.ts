import { FormatError } from '../formats/format-error.ts';
import type { Recorded } from '../formats/parity-index.ts';
import { type CheckpointWeight, quantizedTensors } from '../formats/quantized-checkpoint.ts';
import { writeStored } from '../formats/safetensors/write.ts';
import { declareReplay, declareUnreadable, declareWeight } from '../testing/parity.ts';
import type { Case } from '../testing/suite.ts';
import { contentOf } from './bundle-content.ts';

/** A parity bundle as it was found. */
export interface BundleFile {
  /**
   * File name or path, as messages show it; the last part without `.safetensors` names the case.
   */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /**
   * Whether a person named this very file, so that a bad one is wrong use; one that was found in a
   * folder is an `error` case.
   */
  readonly direct: boolean;
  /** When and on what it was recorded, where an index tells it. */
  readonly recorded?: Recorded;
  /** Why it is not what its index says; it is an `error` case then, whatever its bytes are. */
  readonly problem?: string;
}

/** A case that replays a bundle, with what a worker needs to make it again. */
export interface ReplayCase {
  readonly declared: Case;
  readonly bundle: WorkerBundle;
  /** The file that it is of. */
  readonly file: BundleFile;
  /** Name of the weight in the checkpoint that the file is, if it is one. */
  readonly weight?: string;
}

/** A bundle, or one weight of a checkpoint, on its way to a worker. */
export interface WorkerBundle {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly problem?: string;
}

/**
 * The cases that replay `files`, in order: one a bundle, and one for each weight of a pre-quantized
 * checkpoint. Throws FormatError, with the file's name, when one that was named directly is bad.
 */
export function replayCases(files: readonly BundleFile[]): readonly ReplayCase[] {
  const taken = new Set<string>();
  return files.flatMap((file) => {
    return partsOf(file).map(({ name, weight, ...content }) => {
      const bundle = { ...content, name: uniqueName(name, taken) };
      return {
        declared: replayCase(bundle),
        bundle,
        file,
        ...(weight === undefined ? {} : { weight }),
      };
    });
  });
}

/**
 * The case that replays a bundle or decodes a weight; of a bad file, a case that throws what is
 * wrong with it.
 */
export function replayCase({ name, bytes, problem }: WorkerBundle): Case {
  if (problem !== undefined) return declareUnreadable(name, new FormatError(problem));
  const content = contentOf(bytes);
  switch (content.kind) {
    case 'bundle':
      return declareReplay(name, content.bundle);
    case 'weights':
      return declareWeight(name, [...content.weights.values()][0] as CheckpointWeight);
    case 'unreadable':
      return declareUnreadable(name, content.error);
  }
}

/** What one case replays. */
type Part = WorkerBundle & Pick<ReplayCase, 'weight'>;

/**
 * What a file holds; a bad one is one thing, which says what is wrong. Throws FormatError about one
 * that was named directly.
 */
function partsOf({ name: path, bytes, direct, problem }: BundleFile): readonly Part[] {
  const name = caseName(path);
  if (problem !== undefined) return [{ name, bytes, problem }];
  const content = contentOf(bytes);
  if (content.kind === 'weights')
    return [...content.weights].map((weight) => ({
      name: `${name}/${fitForId(weight[0])}`,
      bytes: fileOf(weight),
      weight: weight[0],
    }));
  if (content.kind === 'unreadable' && direct)
    throw new FormatError(`${path}: ${content.error.message}`, { cause: content.error });
  return [{ name, bytes }];
}

/** A file of one weight alone, so that no worker is sent a whole model for it. */
function fileOf(weight: readonly [string, CheckpointWeight]): Uint8Array<ArrayBuffer> {
  return writeStored(quantizedTensors(new Map([weight])), {});
}

/** The last part of a path without extension, as a case id may hold it. */
function caseName(path: string): string {
  const file = path.split(/[\\/]/).at(-1) ?? path;
  return fitForId(file.replace(/\.safetensors$/, '')) || 'bundle';
}

/** A name with what a case id may not hold replaced. */
function fitForId(name: string): string {
  return name.replace(/[\s;=:*!\p{Cc}]+/gu, '_');
}

function uniqueName(name: string, taken: Set<string>): string {
  let unique = name;
  for (let n = 2; taken.has(unique); n++) unique = `${name}~${n}`;
  taken.add(unique);
  return unique;
}
