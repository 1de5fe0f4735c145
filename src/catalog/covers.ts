import type { Covered } from './ids.ts';

/**
 * What a test asserts of the catalog, for those of the page, the command and the repository:
 * `test('title', covers('row/clause'), async () => ...)`. The form that Vitest and Playwright take.
 */
export function covers(...ids: readonly Covered[]) {
  return {
    meta: { covers: ids },
    annotation: ids.map((id) => ({ type: 'covers', description: id })),
  };
}
