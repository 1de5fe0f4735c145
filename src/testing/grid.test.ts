import { expect, test } from 'vitest';
import { CaseContext } from './context.ts';
import { type CaseBuilder, type Grid, suite } from './suite.ts';

/** Runs every case that is declared; none of these touches a device. */
async function runAll<G extends Grid>(
  grid: G,
  body: Parameters<CaseBuilder<G>['run']>[0],
): Promise<void> {
  const declared = suite('own', { description: '' });
  declared
    .case('a', grid)
    .control('none', () => {})
    .run(body);
  const context = { ieee: true, seed: 1, injects: [] } as unknown as CaseContext;
  for (const { run } of declared.cases) await run(new CaseContext(context));
}

test('a case reads the values of its own grid', async () => {
  const seen: string[] = [];
  await runAll({ size: [1, 2], kind: ['x'] } as const, async (t) => {
    const size: 1 | 2 = t.params.size;
    // @ts-expect-error the grid has no such parameter
    seen.push(`${size}${t.params.kind}${t.params.other}`);
  });
  expect(seen).toEqual(['1xundefined', '2xundefined']);
});

test('a case that ignores a parameter with several values is an error', async () => {
  await expect(runAll({ size: [1, 2] }, async () => {})).rejects.toThrow(
    'own:a runs once for each size and does not read it',
  );
  await runAll({ size: [1] }, async () => {}); // a label
});

test('a case covers at most three rows', () => {
  const declared = suite('own', { description: '' });
  declared
    .case('a')
    .covers('tb.utilities.markers', 'tb.utilities.timeout', 'tb.utilities.last-failed')
    .covers('tb.utilities.verbose-output/assertion-values')
    .control('none', () => {})
    .run(async () => {});
  expect(() => declared.cases).toThrow('covers more than 3 rows');
});

test('an id that the catalog lacks does not compile', () => {
  const declared = suite('own', { description: '' });
  // @ts-expect-error misspelt
  declared.case('a').covers('tb.utilities.marker');
  // @ts-expect-error no such clause
  declared.case('b').covers('tb.utilities.markers/none-such');
});
