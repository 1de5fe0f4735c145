import { filterOf } from '../harness/filter.ts';
import type { BenchOptions } from './options.ts';
import type { Work } from './work.ts';

/** The works that the options select; `bench.` in front of an id may be left out, as where it is shown. */
export function selectWorks(
  works: readonly Work[],
  { filters, quick }: Pick<BenchOptions, 'filters' | 'quick'>,
): readonly Work[] {
  const isSelected = filterOf(filters.flatMap(inBothForms));
  return works.filter((work) => isSelected(work.id) && (!quick || work.quick));
}

function inBothForms(filter: string): readonly string[] {
  return [filter, filter.replace(/^!?/, '$&bench.')];
}
