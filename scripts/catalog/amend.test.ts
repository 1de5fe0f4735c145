import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const { amend, SUITES } = (await import(new URL('amend.mjs', import.meta.url).href)) as {
  readonly SUITES: readonly string[];
  readonly amend: (
    before: object,
    specification: unknown,
  ) => {
    // biome-ignore lint/suspicious/noExplicitAny: rows as they stand in the files
    readonly rows: Record<string, any>;
    readonly read: readonly string[];
    readonly gone: readonly string[];
  };
};

const rows = Object.assign(
  {},
  ...SUITES.map((suite) =>
    JSON.parse(readFileSync(new URL(`../../src/catalog/${suite}.json`, import.meta.url), 'utf8')),
  ),
);
const specification = Object.entries<(typeof rows)[string]>(rows).map(([id, row]) => ({
  id,
  tier: row.tier,
  ...(row.needs ? { needs: row.needs } : {}),
  ...(row.sameAs ? { sameAs: row.sameAs } : {}),
  paper: row.origin.paper,
  source: row.origin.test,
  real: row.asserts,
}));

test('the same specification changes nothing', () => {
  expect(amend(rows, specification)).toEqual({ rows, read: [], gone: [] });
});

test('names the rows whose text is another one, new rows and rows that are gone', () => {
  const [first, second, ...others] = specification;
  const changed = { ...first, real: `${first?.real} And more.` };
  const added = { ...second, id: 'tb.data.added' };
  const { rows: after, read, gone } = amend(rows, [changed, added, ...others]);
  expect(read).toEqual([first?.id, 'tb.data.added']);
  expect(gone).toEqual([second?.id]);
  expect(after[first?.id as string].asserts).toBe(changed.real);
  expect(after[first?.id as string].clauses).toEqual(rows[first?.id as string].clauses);
});

test.each([
  [{}, 'must be a list'],
  [[], 'must be a list of rows, all of them'],
  [[{ id: 'fsdp.backend' }], 'suite.area.name'],
  [[{ ...specification[0], tier: 'never' }], 'tier quick, full or slow'],
  [[specification[0], specification[0]], 'is there twice'],
])('refuses what is no specification: %#', (given, why) => {
  expect(() => amend(rows, given)).toThrow(why);
});
