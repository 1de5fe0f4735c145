/** A square by its family and its place there, both from 0. */
export interface SquarePlace {
  readonly family: number;
  readonly index: number;
}

/**
 * The square that a key leads to among families of these `sizes`, drawn in rows of `columns`: the
 * arrows go through a family and on into its neighbours, Page Up and Page Down to the beginning of
 * another family. Undefined for other keys.
 */
export function squareAfter(
  key: string,
  { family, index }: SquarePlace,
  sizes: readonly number[],
  columns: number,
): SquarePlace | undefined {
  const size = sizes[family] ?? 0;
  const last = (of: number) => Math.max(0, (sizes[of] ?? 0) - 1);
  const below = family + 1 < sizes.length;
  switch (key) {
    case 'ArrowRight':
      if (index + 1 < size) return { family, index: index + 1 };
      return below ? { family: family + 1, index: 0 } : { family, index };
    case 'ArrowLeft':
      if (index > 0) return { family, index: index - 1 };
      return family > 0 ? { family: family - 1, index: last(family - 1) } : { family, index };
    case 'ArrowDown': {
      if (index + columns < size) return { family, index: index + columns };
      const hasRow = Math.floor(index / columns) < Math.floor(last(family) / columns);
      if (hasRow) return { family, index: last(family) };
      const column = index % columns;
      return below
        ? { family: family + 1, index: Math.min(column, last(family + 1)) }
        : { family, index };
    }
    case 'ArrowUp': {
      if (index >= columns) return { family, index: index - columns };
      if (family === 0) return { family, index };
      const above = last(family - 1);
      const row = above - (above % columns);
      return { family: family - 1, index: Math.min(row + (index % columns), above) };
    }
    case 'Home':
      return { family, index: 0 };
    case 'End':
      return { family, index: last(family) };
    case 'PageDown':
      return { family: Math.min(family + 1, sizes.length - 1), index: 0 };
    case 'PageUp':
      return { family: index > 0 ? family : Math.max(0, family - 1), index: 0 };
    default:
      return undefined;
  }
}
