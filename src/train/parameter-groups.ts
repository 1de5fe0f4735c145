import type { FlatLayout, FlatPart } from '../autograd/flat-parameters.ts';

/** A part of a layout whose parameters are all of one group, by its number. */
export interface GroupedPart extends FlatPart {
  readonly group: number;
}

/**
 * A layout in parts of one group each, as long as they can be: parameters that follow each other go
 * together, each with the gap behind it. `groupOf` tells the group of a parameter by its name.
 */
export function groupedParts(
  { entries, length }: FlatLayout,
  groupOf: (name: string) => number,
): readonly GroupedPart[] {
  const starts = [...entries]
    .map(([name, { offset }]) => ({ offset, group: groupOf(name) }))
    .filter(({ group }, i, all) => group !== all[i - 1]?.group);
  return starts.map(({ offset, group }, i) => ({
    ...{ offset, group },
    size: (starts[i + 1]?.offset ?? length) - offset,
  }));
}

/** What each group has of a part of the layout. */
export function cutByGroup(
  { offset, size }: FlatPart,
  grouped: readonly GroupedPart[],
): readonly GroupedPart[] {
  return grouped.flatMap(({ group, ...of }) => {
    const start = Math.max(offset, of.offset);
    const end = Math.min(offset + size, of.offset + of.size);
    return start < end ? [{ group, offset: start, size: end - start }] : [];
  });
}
