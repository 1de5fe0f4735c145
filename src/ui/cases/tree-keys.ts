import type { Row } from './suite-tree.ts';

/** Letters that are typed within this time belong together. */
const TYPING_MS = 700;

/**
 * Index of the row that a key leads to from the one at `index`, as the WAI-ARIA tree pattern has
 * it; undefined for other keys.
 */
export function rowAfter(
  key: string,
  rows: readonly Row[],
  index: number,
  page: number,
): number | undefined {
  const row = rows[index];
  if (!row) return undefined;
  const within = (target: number) => Math.min(rows.length - 1, Math.max(0, target));
  switch (key) {
    case 'ArrowDown':
      return within(index + 1);
    case 'ArrowUp':
      return within(index - 1);
    case 'ArrowRight':
      return 'branch' in row ? within(index + 1) : index;
    case 'ArrowLeft':
      return row.parent === '' ? index : rows.findIndex(({ path }) => path === row.parent);
    case 'Home':
      return 0;
    case 'End':
      return rows.length - 1;
    case 'PageDown':
      return within(index + page);
    case 'PageUp':
      return within(index - page);
    default:
      return undefined;
  }
}

/** Finds rows by the first letters of their names, as a person types them. */
export class TypeAhead {
  #typed = '';
  #typedAt = Number.NEGATIVE_INFINITY;

  /**
   * Index of the next name from the one at `index` that begins with what was typed until `now`, in
   * ms; `index` where none does.
   */
  next(letter: string, names: readonly string[], index: number, now: number): number {
    const goesOn = now - this.#typedAt < TYPING_MS;
    this.#typed = (goesOn ? this.#typed : '') + letter.toLowerCase();
    this.#typedAt = now;
    const from = this.#typed.length === 1 ? index + 1 : index;
    const order = names.map((_, i) => (from + i) % names.length);
    return order.find((i) => names[i]?.toLowerCase().startsWith(this.#typed)) ?? index;
  }
}
