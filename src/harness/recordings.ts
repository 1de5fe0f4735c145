import type { ParityBundle } from '../formats/parity-bundle.ts';
import type { Recorded } from '../formats/parity-index.ts';
import { contentOf } from './bundle-content.ts';
import { type BundleFile, replayCases } from './parity.ts';

/** What is known of a recording beside its verdict. */
export interface Recording
  extends Pick<ParityBundle, 'op' | 'params' | 'producer' | 'device' | 'note'> {
  /** Name of its file, without folders. */
  readonly file: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** When and on what it was recorded, where its index tells it. */
  readonly recorded?: Recorded;
  readonly hasGradients: boolean;
}

/**
 * A weight of a pre-quantized checkpoint. No library recorded what it decodes to: the file has its
 * codes and scales alone.
 */
export interface StoredWeight {
  /** Name of the checkpoint's file, without folders. */
  readonly file: string;
  /** Its name there. */
  readonly weight: string;
}

/** What a case replays. */
export type Replayed = Recording | StoredWeight;

/** What is replayed, by the id of the case that does. */
export type Recordings = ReadonlyMap<string, Replayed>;

/**
 * What the files tell of themselves; those that cannot be read, or are not what their index lists,
 * tell nothing.
 */
export function recordingsOf(files: readonly BundleFile[]): Recordings {
  return new Map(
    replayCases(files).flatMap(
      ({
        declared,
        weight,
        file: { name, bytes, recorded, problem },
      }): (readonly [string, Replayed])[] => {
        const file = name.split(/[\\/]/).at(-1) ?? name;
        if (weight !== undefined) return [[declared.id, { file, weight }]];
        const content = contentOf(bytes);
        if (problem !== undefined || content.kind !== 'bundle') return [];
        const { op, params, producer, device, note, tensors } = content.bundle;
        const hasGradients = Object.keys(tensors.gradsOut).length > 0;
        return [
          [
            declared.id,
            {
              op,
              params,
              producer,
              device,
              note,
              file,
              bytes,
              hasGradients,
              ...(recorded ? { recorded } : {}),
            },
          ],
        ];
      },
    ),
  );
}
