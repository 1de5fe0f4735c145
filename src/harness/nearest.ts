/** Filters that are proposed. */
const MOST = 3;

/**
 * Filters that select something of `ids`, for a filter that does not, the nearest first: the same
 * text anywhere in an id, else suites, or cases of the suite that it names, that differ by a typing
 * error or so. None where nothing is near.
 */
export function nearestFilters(glob: string, ids: readonly string[]): readonly string[] {
  const text = glob.replace(/^!/, '').replaceAll('*', '');
  if (text === '') return [];
  const inside = ids.filter((id) => id.toLowerCase().includes(text.toLowerCase()));
  if (inside.length > 0) return [`*${commonSpelling(inside[0] ?? '', text)}*`];
  const [suite = '', rest = ''] = text.split(/:(.*)/s);
  const suites = [...new Set(ids.map((id) => id.split(':')[0] ?? ''))];
  if (rest !== '' && suites.includes(suite))
    return nearest(
      text,
      ids.filter((id) => id.startsWith(`${suite}:`)),
      (id) => [id, id.split(';')[0] ?? id],
    );
  return nearest(suite, suites, endsOf).map((name) => `${name}:*`);
}

/** `text` as `id` spells it. */
function commonSpelling(id: string, text: string): string {
  const at = id.toLowerCase().indexOf(text.toLowerCase());
  return id.slice(at, at + text.length);
}

/** `ops.nn.silu`, `nn.silu` and `silu`: people leave out the beginning. */
function endsOf(name: string): readonly string[] {
  const words = name.split('.');
  return words.map((_, i) => words.slice(i).join('.'));
}

/** The names that are near `text` in one of their forms, the nearest first. */
function nearest(
  text: string,
  names: readonly string[],
  formsOf: (name: string) => readonly string[],
): readonly string[] {
  const limit = Math.max(1, Math.floor(text.length / 4));
  return names
    .map((name) => ({
      name,
      distance: Math.min(...formsOf(name).map((form) => editDistance(text, form, limit))),
    }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, MOST)
    .map(({ name }) => name);
}

/**
 * Letters to insert, delete, replace or swap with their neighbour (Damerau, optimal string
 * alignment), case aside; more than `limit` may be any number above it.
 */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  const left = a.toLowerCase();
  const right = b.toLowerCase();
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: right.length + 1 }, (_, j) => j);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1];
      const swapped =
        i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      next.push(
        Math.min(
          (row[j] ?? 0) + 1,
          (next[j - 1] ?? 0) + 1,
          (row[j - 1] ?? 0) + (same ? 0 : 1),
          swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    [before, row] = [row, next];
  }
  return row[right.length] ?? 0;
}
