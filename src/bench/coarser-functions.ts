import { type Coarser, type Contender, OURS, type PreparedWork } from './contender.ts';
import type { Work } from './work.ts';

/**
 * Functions of which our bounds, which follow from our own kernels, are narrower than what a library
 * that computes them as its documents say can keep, by op.
 */
const FUNCTIONS: Readonly<Record<string, Coarser>> = {
  tanh: { absolute: 1e-5, source: 'WGSL lets tanh be off by 1e-5' },
  erf: {
    // Its terms are at most 1.5, and are rounded some eight times.
    absolute: 1.5e-7 + 8 * 2 ** -23,
    source: 'formula 7.1.26 of Abramowitz and Stegun is off by 1.5e-7 before it is rounded',
  },
};

/** How far a contender may be off at a work beside its bound, and why; undefined where it may not. */
export function coarserOf(
  { name }: Pick<Contender, 'name'>,
  { coarser }: Pick<PreparedWork, 'coarser'>,
  work: Work,
): Coarser | undefined {
  if (coarser || OURS.includes(name) || work.kind !== 'op') return coarser;
  return FUNCTIONS[work.op];
}
