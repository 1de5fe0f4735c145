import { filterOf } from '../harness/filter.ts';
import type { BenchOptions } from './options.ts';
import type { Work } from './work.ts';

/** The works that the options select. */
export function selectWorks(
  works: readonly Work[],
  { filters, quick }: Pick<BenchOptions, 'filters' | 'quick'>,
): readonly Work[] {
  const isSelected = filterOf(filters);
  return works.filter((work) => isSelected(work.id) && (!quick || work.quick));
}
