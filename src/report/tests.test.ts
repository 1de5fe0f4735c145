import { expect, test } from 'vitest';
import tests from './fixtures/tests.json';
import { validateReport } from './validate.ts';

const changed = (change: object) => () => validateReport({ ...tests, ...change }, 'tests.json');

test('a report of tests needs no adapter, which every other kind has', () => {
  expect(validateReport(tests, 'tests.json').environments[0]?.adapter.description).toBe(
    'no adapter',
  );
  expect(changed({ kind: 'run' })).toThrow('tests.json: environments[0].adapter: is missing');
});

test('tests run in the page, on the command line or in the repository', () => {
  const results = tests.results.map((result) => ({ ...result, backend: 'webgpu' }));
  expect(changed({ results })).toThrow('results[0].backend: webgpu is none of page, command');
});

test('of a row the clauses are listed by name', () => {
  expect(changed({ rows: { 'tb.utilities.timeout': ['Not kebab'] } })).toThrow('rows');
});
