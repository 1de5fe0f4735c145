import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Locked {
  readonly version?: string;
  readonly optional?: boolean;
  readonly integrity?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(
  readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'),
) as {
  packages: Record<string, Locked>;
};

/**
 * The entry that npm finds for `name` when `from` needs it: the nearest node_modules on the way up.
 */
function locate(from: string, name: string): Locked | undefined {
  const own = packages[from === '' ? `node_modules/${name}` : `${from}/node_modules/${name}`];
  const above = from.includes('/node_modules/')
    ? from.slice(0, from.lastIndexOf('/node_modules/'))
    : '';
  return own ?? (from === '' ? undefined : locate(above, name));
}

// npm ci refuses a lockfile that lacks them, even those of other platforms; npm leaves out what a
// registry did not have when it wrote.
test('the lockfile holds the packages of every platform', () => {
  const optional = Object.entries(packages).flatMap(([from, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).map((name) => [from, name] as const),
  );
  expect(optional.length).toBeGreaterThan(20);
  expect(optional.filter(([from, name]) => !locate(from, name)?.version)).toEqual([]);
});

test('the lockfile holds the checksum of everything that is installed everywhere', () => {
  const unchecked = Object.entries(packages).filter(
    ([path, { optional, integrity }]) => path !== '' && !optional && !integrity,
  );
  expect(unchecked).toEqual([]);
});
