import { expect, test } from 'vitest';
import { planText } from '../report/plan.ts';
import { DEFAULT_RUN_OPTIONS } from '../report/run-options.ts';
import { loadLiveCases } from './live.ts';
import { loadCases } from './registry.ts';
import { selectAll } from './runner/selection.ts';

const device = {
  id: 'torch-cpu',
  device: 'cpu',
  libraries: [{ name: 'torch', version: '2.15.0' }],
  ops: ['matmul', 'softmax', 'no_such_op'],
};
const link = { address: { port: 1, token: 'x'.repeat(43) }, device };
const cases = await loadCases();
const linesOf = (selected: ReturnType<typeof selectAll>) =>
  selected.map(({ declared }) => `${declared.id} ${declared.backend}`);

test('a device has a case for each of our own of the ops that it computes, without the variants, and no other', () => {
  const ours = [...cases.values()].filter(
    ({ suite }) => suite === 'ops.matmul.matmul' || suite === 'ops.nn.softmax',
  );
  const derived = ours
    .filter(({ id }) => /:(exact|legal)(-gradient)?(;|$)/.test(id))
    .map(({ id }) => id.replace(/;variant=[^;]+/, ''));
  expect([...loadLiveCases(link).keys()].sort()).toEqual([...new Set(derived)].sort());
  expect(
    [...loadLiveCases(link).values()].every(({ backend }) => backend === 'bridge-torch-cpu'),
  ).toBe(true);
});

test('the devices of a machine change nothing of a plan', () => {
  const selected = linesOf(
    selectAll(cases.values(), undefined, DEFAULT_RUN_OPTIONS, { links: [link], alone: false }),
  );
  const without = linesOf(selectAll(cases.values(), undefined, DEFAULT_RUN_OPTIONS));
  expect(selected.slice(0, without.length)).toEqual(without);
  expect(selected.slice(without.length).every((line) => line.endsWith(' bridge-torch-cpu'))).toBe(
    true,
  );
  expect(planText(cases.values())).not.toContain('bridge-');
});

test('filters and shards select among them too, and they can run alone', () => {
  const options = {
    ...DEFAULT_RUN_OPTIONS,
    filters: ['ops.matmul.*'],
    shard: { index: 2, count: 2 },
  };
  const selected = linesOf(
    selectAll(cases.values(), undefined, options, { links: [link], alone: true }),
  );
  const all = linesOf(
    selectAll(
      cases.values(),
      undefined,
      { ...options, shard: { index: 1, count: 1 } },
      { links: [link], alone: true },
    ),
  );
  expect(selected).toEqual(all.filter((_, position) => position % 2 === 1));
  expect(all.length).toBeGreaterThan(10);
});
