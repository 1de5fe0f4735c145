import type { Division } from '../../reference/record.ts';

/**
 * How the libraries that record on a device divide: processors to nearest; CUDA too, where torch
 * multiplies by the reciprocal of a divisor that is a single number of the host. Of others nothing
 * is known.
 */
export function divisionOn(device: string): Division | undefined {
  const [kind] = device.split(':');
  if (kind === 'cpu') return 'nearest';
  return kind === 'cuda' ? 'nearest-or-reciprocal' : undefined;
}
