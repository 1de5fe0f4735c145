import type { CeilingWork, GenerationWork, Work } from '../../src/bench/work.ts';

/** Kinds of works that no library is asked for, and why. */
export const NOT_ASKED = {
  ceiling: { reason: 'ceilings are of the device, and of no library' },
  generation: { reason: 'it is not asked to write with a cache' },
} as const;

/** Whether a library may be asked for a work. */
export function isAsked(work: Work): work is Exclude<Work, CeilingWork | GenerationWork> {
  return !Object.hasOwn(NOT_ASKED, work.kind);
}
