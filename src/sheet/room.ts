import type { Needs, Piece } from './needs.ts';

/** What is known of the memory that a model may take. Bytes. */
export interface MemoryFacts {
  /** What the person says that the graphics chip has. */
  readonly told?: number;
  /**
   * `navigator.deviceMemory`: the computer's main memory, rounded by the browser and never more
   * than it admits.
   */
  readonly device?: number;
  /** Whether the browser admits no more than `device`, so that it is a lower bound. */
  readonly capped?: boolean;
  /**
   * Limits of the adapter: how large one buffer and one binding may be. They say nothing of how
   * much memory there is.
   */
  readonly largestBuffer?: number;
  readonly largestBinding?: number;
}

/**
 * Whether a model has room here: `fits` and `too-large` by what is known, `tight`, or `unknown`.
 */
export type Room = 'fits' | 'tight' | 'too-large' | 'unknown';

/**
 * Share of the main memory that a browser's graphics process may take before others suffer; an
 * estimate.
 */
const SHARE_OF_MAIN = 0.5;
/** Share of a graphics chip's own memory that is left for one page; an estimate. */
const SHARE_OF_CHIP = 0.9;

/**
 * Whether `bytes` have room: by what the person told, else by the computer's main memory, which a
 * graphics chip may share or not.
 */
export function roomFor(bytes: number, { told, device, capped }: MemoryFacts): Room {
  if (told !== undefined)
    return bytes <= SHARE_OF_CHIP * told ? 'fits' : bytes <= told ? 'tight' : 'too-large';
  if (device === undefined) return 'unknown';
  if (bytes <= SHARE_OF_MAIN * device) return 'fits';
  if (bytes <= device) return 'tight';
  return capped ? 'unknown' : 'too-large';
}

/** What is larger than one binding, and in how many it lies. */
export interface Split extends Piece {
  readonly count: number;
}

/** What must be split for the limits of the adapter; nothing where they are not known. */
export function splitsOf(
  { pieces }: Pick<Needs, 'pieces'>,
  { largestBinding, largestBuffer }: MemoryFacts,
): readonly Split[] {
  const most = Math.min(
    largestBinding ?? Number.POSITIVE_INFINITY,
    largestBuffer ?? Number.POSITIVE_INFINITY,
  );
  return pieces
    .filter(({ bytes }) => bytes > most)
    .map((piece) => ({ ...piece, count: Math.ceil(piece.bytes / most) }));
}

/**
 * What adapter and browser tell of memory. Browsers cap what they admit: at 8 GiB, newer ones at
 * 32.
 */
export function memoryFacts(
  limits: Readonly<Record<string, number>>,
  deviceMemoryGiB: number | undefined,
  told?: number,
): MemoryFacts {
  const { maxBufferSize, maxStorageBufferBindingSize } = limits;
  return {
    ...(told === undefined ? {} : { told }),
    ...(deviceMemoryGiB === undefined
      ? {}
      : {
          device: deviceMemoryGiB * 2 ** 30,
          capped: deviceMemoryGiB === 8 || deviceMemoryGiB >= 32,
        }),
    ...(maxBufferSize === undefined ? {} : { largestBuffer: maxBufferSize }),
    ...(maxStorageBufferBindingSize === undefined
      ? {}
      : { largestBinding: maxStorageBufferBindingSize }),
  };
}
