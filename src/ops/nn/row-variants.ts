import type { Launch } from '../../gpu/recorder.ts';
import { linearGrid } from '../../gpu/shader.ts';
import { LANES, rowDepth } from '../lanes.ts';
import type { Variant } from '../variants.ts';

/**
 * How many invocations share a row in the kernels of shaders/nn/shared_row: one, or as many as a
 * graphics chip needs to be busy and to read neighbours together.
 */
const ROW_VARIANTS = {
  'row-per-invocation': { lanes: 1 },
  'row-per-workgroup': { lanes: LANES },
} as const satisfies Readonly<Record<string, Partial<Variant>>>;

/** Both variants with the kernels of an op, and the depth of its sums where not all are of rows. */
export function rowVariants(
  kernels: readonly string[],
  depth: NonNullable<Variant['depth']> = rowDepth,
): Record<keyof typeof ROW_VARIANTS, Variant> {
  return {
    'row-per-invocation': { ...ROW_VARIANTS['row-per-invocation'], kernels, depth },
    'row-per-workgroup': { ...ROW_VARIANTS['row-per-workgroup'], kernels, depth },
  };
}

/** How such a kernel is launched for `rows` rows in a variant. */
export function rowLaunch(
  variant: string,
  rows: number,
): Required<Pick<Launch, 'constants' | 'workgroups'>> {
  const { lanes } = ROW_VARIANTS[variant as keyof typeof ROW_VARIANTS];
  return { constants: { LANES: lanes }, workgroups: linearGrid(rows * lanes) };
}
