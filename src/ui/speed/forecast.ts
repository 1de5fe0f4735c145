import type { CaseResult, Environment } from '../../report/schema.ts';
import { type Needs, needsOf } from './model-needs.ts';
import { ARCHITECTURES, type Architecture } from './model-sizes.ts';

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

/** Operations a second of the 4-bit products that a run has timed. */
export interface Speed {
  readonly slowest: number;
  readonly fastest: number;
  /** Sizes that were timed. */
  readonly cases: number;
}

/**
 * Whether a model has room here: `fits` and `too-large` by what is known, `tight`, or `unknown`.
 */
export type Room = 'fits' | 'tight' | 'too-large' | 'unknown';

/** One model size. */
export interface SizeForecast {
  readonly model: Architecture;
  readonly needs: Needs;
  readonly room: Room;
  /**
   * Whether its largest tensor is larger than one binding here, and would have to be split; not of
   * a model that has no room.
   */
  readonly split: boolean;
  /** Seconds a step takes, at the fastest and the slowest speed that was measured. */
  readonly secondsPerStep?: readonly [from: number, to: number];
}

/**
 * Share of the main memory that a browser's graphics process may take before others suffer; an
 * estimate.
 */
const SHARE_OF_MAIN = 0.5;
/** Share of a graphics chip's own memory that is left for one page; an estimate. */
const SHARE_OF_CHIP = 0.9;

/**
 * What could be fine-tuned here, smallest model first. Time is left out where no speed was
 * measured.
 */
export function forecast(memory: MemoryFacts, speed: Speed | undefined): readonly SizeForecast[] {
  return ARCHITECTURES.map((model) => {
    const needs = needsOf(model);
    const room = roomFor(needs.bytes, memory);
    return {
      model,
      needs,
      room,
      split:
        room !== 'too-large' &&
        needs.largest >
          Math.min(
            memory.largestBinding ?? Number.POSITIVE_INFINITY,
            memory.largestBuffer ?? Number.POSITIVE_INFINITY,
          ),
      ...(speed
        ? { secondsPerStep: [needs.flops / speed.fastest, needs.flops / speed.slowest] as const }
        : {}),
    };
  });
}

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

/**
 * How fast 4-bit products were in the results that timed them and are right; undefined where none
 * did.
 */
export function measuredSpeed(results: readonly CaseResult[]): Speed | undefined {
  const speeds = results.flatMap(({ id, status, timing, metrics }) => {
    const flops = metrics?.['flops'];
    return status === 'pass' && timing && flops && id.startsWith('speed.ops:product-4bit')
      ? [(1000 * flops) / timing.medianMs]
      : [];
  });
  if (speeds.length === 0) return undefined;
  return { slowest: Math.min(...speeds), fastest: Math.max(...speeds), cases: speeds.length };
}

/**
 * What adapter and browser tell of memory. Browsers cap what they admit: at 8 GiB, newer ones at
 * 32.
 */
export function memoryFacts(
  limits: Environment['limits'],
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
