import { expect, test } from 'vitest';
import { compareExitCode, compareLines, compareReports } from './compare.ts';
import { RUN, report as reportOf, result } from './report/fixtures/reports.ts';
import type { Report } from './report/schema.ts';

const error = { code: 'not-within', message: 'y[3] is 2, expected 1\u001b[31m' };
const ok = (id: string, boundUsed?: number) =>
  result({
    id,
    status: 'pass',
    assertions: 4,
    ...(boundUsed === undefined ? {} : { accuracy: { maxAbs: 0, maxRel: 0, maxUlp: 0, boundUsed, typicalUsed: null } }),
  });
const bad = (id: string) => result({ id, status: 'fail', assertions: 4, error });

test('a report does not differ from itself', () => {
  const same = compareReports(RUN, RUN);
  expect(same).toEqual({ regressions: [], fixed: [], added: [], accuracy: [], stillPassing: 14 });
  expect(compareExitCode(same)).toBe(0);
  expect(compareLines(same)).toEqual(['0 regressions, 0 fixed, 0 new, 14 still pass, 0 with another accuracy']);
});

test('what passed and fails, is skipped or is missing is a regression', async () => {
  const skip = result({ id: 'a:skips', status: 'skip', assertions: 0, skip: { code: 'missing-feature', detail: 'shader-f16' } });
  const a = await reportOf([ok('a:fails'), ok('a:skips'), ok('a:gone'), bad('a:fixed'), bad('a:stays'), ok('a:same', 0.25)], '');
  const b = await reportOf([bad('a:fails'), skip, ok('a:fixed'), bad('a:stays'), ok('a:same', 0.5), ok('a:new')], '');
  const found = compareReports(a, b);
  expect(found.regressions.map(({ id, after }) => [id, after])).toEqual([
    ['a:fails', 'fail'],
    ['a:gone', 'missing'],
    ['a:skips', 'skip'],
  ]);
  expect(found.fixed.map(({ id }) => id)).toEqual(['a:fixed']);
  expect(found.added.map(({ id }) => id)).toEqual(['a:new']);
  expect(found.accuracy).toEqual([{ id: 'a:same', backend: 'webgpu', before: 0.25, after: 0.5 }]);
  expect(compareExitCode(found)).toBe(1);
  const lines = compareLines(found);
  expect(lines[0]).toBe('regression a:fails webgpu: pass -> fail (y[3] is 2, expected 1 [31m)');
  expect(lines).toContain('accuracy   a:same webgpu: 25.0 % -> 50.0 % of the bound');
  expect(lines.at(-1)).toBe('3 regressions, 1 fixed, 1 new, 1 still pass, 1 with another accuracy');
  expect(compareExitCode(compareReports(b, b)), 'what never passed is no regression').toBe(0);
});

test('a backend is part of the name, and a case passes only if it does so in every environment', async () => {
  const two = (status: 'pass' | 'fail'): Promise<Report> =>
    reportOf([ok('a:b'), status === 'pass' ? { ...ok('a:b'), env: 1 } : { ...bad('a:b'), env: 1 }], '');
  expect(compareReports(await two('pass'), await two('fail')).regressions).toHaveLength(1);
  const other = await reportOf([{ ...ok('a:b'), backend: 'ort-webgpu' }], '');
  expect(compareReports(await reportOf([ok('a:b')], ''), other).regressions.map(({ after }) => after)).toEqual(['missing']);
});

test('the largest changes of accuracy are listed, the others counted', async () => {
  const at = (used: (i: number) => number) =>
    reportOf(
      Array.from({ length: 15 }, (_, i) => ok(`a:case${i}`, used(i))),
      '',
    );
  const found = compareReports(await at(() => 0.1), await at((i) => 0.2 + i / 100));
  expect(found.accuracy[0]).toMatchObject({ id: 'a:case14', after: 0.34 });
  expect(compareLines(found)).toContain('accuracy   5 more changed less');
});
