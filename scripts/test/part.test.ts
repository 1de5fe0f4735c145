import { afterEach, beforeEach, expect, test, vi } from 'vitest';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures?: readonly string[];
}
const { add, runPart } = (await import(new URL('part.mjs', import.meta.url).href)) as {
  add: (all: readonly Counts[]) => Required<Counts>;
  runPart: (
    name: string,
    command: readonly string[],
    options: { readonly root: string; readonly countsOf?: () => Counts },
  ) => Promise<Counts>;
};

const endingWith = (status: number) => [process.execPath, '-e', `process.exit(${status})`];
const part = (name: string, status: number, countsOf?: () => Counts) =>
  runPart(name, endingWith(status), { root: '.', ...(countsOf ? { countsOf } : {}) });

beforeEach(() => void vi.spyOn(console, 'log').mockImplementation(() => {}));
afterEach(() => void vi.restoreAllMocks());

test('what failed is named by its part, one by one where the part tells', async () => {
  const counts = { passed: 3, failed: 2, skipped: 1 };
  const total = add([
    await part('lint', 0),
    await part('types', 2),
    await part('cases', 1, () => ({ ...counts, failures: ['a fail: wrong', 'b lost'] })),
    await part('unit tests', 1, () => counts),
  ]);
  expect(total).toEqual({
    passed: 7,
    failed: 5,
    skipped: 2,
    failures: [
      'types (status 2)',
      'cases: a fail: wrong',
      'cases: b lost',
      'unit tests (status 1)',
    ],
    flaky: [],
  });
});

test('a part that ends badly without a failed test is one failure, and has a name', async () => {
  const none = { passed: 3, failed: 0, skipped: 0, failures: [] };
  const ended = await part('bridge: tests', 7, () => none);
  expect(ended).toEqual({ ...none, failed: 1, failures: ['bridge: tests (status 7)'] });
  const skipped = { passed: 0, failed: 0, skipped: 2 };
  expect(await part('bridge: tests', 0, () => skipped)).toMatchObject({ ...skipped, failed: 1 });
  expect(console.log).toHaveBeenCalledWith('    all 2 tests were skipped');
  expect(await part('unit tests', 0, () => ({ ...skipped, skipped: 0 }))).toMatchObject({
    failed: 1,
  });
  expect(console.log).toHaveBeenCalledWith('    there was no test');
  const unread = await part('cases', 0, () => JSON.parse('{'));
  expect(unread).toMatchObject({ passed: 0, failed: 1, failures: ['cases (status 0)'] });
});
