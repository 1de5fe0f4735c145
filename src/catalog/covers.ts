import type { Covered } from './ids.ts';

/**
 * One mistake in the sources, as data: in `file`, a path from the root, the fragment `from`, which
 * stands there once, is `to`; or `file`, which is not there else, is planted with `text`.
 */
export type SourceFault =
  | { readonly file: string; readonly from: string; readonly to: string }
  | { readonly file: string; readonly text: string };

/**
 * What a test asserts of the catalog, and the fault that must turn it red, for those of the page,
 * the command and the repository: `test('title', covers('row/clause').control('the fault', {...}),
 * async () => ...)`. The form that Vitest and Playwright take. The build reads the fault where it
 * is written (scripts/vite-covering-tests.ts); the test itself runs without it.
 */
export function covers(...ids: readonly Covered[]) {
  return {
    /** `name` says what is wrong with the fault, after "it fails when". */
    control: (_name: string, _fault: SourceFault) => ({
      meta: { covers: ids },
      annotation: ids.map((id) => ({ type: 'covers', description: id })),
    }),
  };
}
