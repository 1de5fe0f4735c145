import { toJsonSchema } from '@valibot/to-json-schema';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { RUN, reportsOfAllKinds } from './fixtures/reports.ts';
import tests from './fixtures/tests.json';
import { caseResult, environment, reportSchema } from './schema.ts';

/** The published schema. JSON has no infinite number, so `finite` needs no word in it. */
const SCHEMA: Record<string, unknown> = {
  $id: 'urn:gradproof:report:1',
  title: 'gradproof-report/1',
  description:
    'The one report of Gradproof. Beyond this schema: id, backend and env are unique together, env is an index into environments, ' +
    'summary counts the results, a pass has an assertion and, where it has an accuracy, a boundUsed ' +
    'of at most 1, and whatever did not pass says why.',
  ...toJsonSchema(reportSchema, {
    target: 'draft-2020-12',
    typeMode: 'output',
    ignoreActions: ['finite'],
    definitions: { environment, caseResult },
  }),
};

// What has a default need not be written.
const { environment: defined } = SCHEMA['$defs'] as Record<string, { required: string[] }>;
if (defined) defined.required = defined.required.filter((name) => name !== 'adapter');

const validate = new Ajv2020({ strict: true, strictTypes: false, allErrors: false }).compile(
  SCHEMA,
);
const accepts = (value: unknown) => v.safeParse(reportSchema, value).success;

test('public/schema is what the code says; after a change: npx vitest run src/report/json-schema.test.ts -u', async () => {
  await expect(`${JSON.stringify(SCHEMA, null, 2)}\n`).toMatchFileSnapshot(
    '../../public/schema/gradproof-report-1.json',
  );
});

test('both validators accept real reports of every kind', async () => {
  for (const report of [RUN, tests, ...(await reportsOfAllKinds())]) {
    const json: unknown = JSON.parse(JSON.stringify(report));
    expect(validate(json), JSON.stringify(validate.errors)).toBe(true);
    expect(accepts(json)).toBe(true);
  }
});

/** Every place of a JSON value, as its container and key. */
function places(value: unknown): [container: object, key: string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    [value, key] as [object, string],
    ...places(inner),
  ]);
}

const HOSTILE = [
  null,
  true,
  -1,
  0,
  1.5,
  1e300,
  '',
  'x',
  'PASS',
  'a:b',
  '2026-13-01T00:00:00Z',
  '0/0',
  [],
  {},
  [null],
  { a: {} },
  '\n',
];

test('the validators agree on every change of a member', async () => {
  const reports = [RUN, tests, ...(await reportsOfAllKinds())];
  const verdicts = { accepted: 0, refused: 0 };
  const agree = (report: unknown, what: string) => {
    const ours = accepts(report);
    const theirs = validate(report);
    expect(ours, `${what}: ${JSON.stringify(validate.errors)}`).toBe(theirs);
    verdicts[ours ? 'accepted' : 'refused']++;
  };
  const change = fc.record({
    report: fc.constantFrom(...reports),
    place: fc.nat(),
    value: fc.option(fc.constantFrom(...HOSTILE), { nil: undefined }),
  });
  fc.assert(
    fc.property(change, ({ report, place, value }) => {
      const copy: unknown = JSON.parse(JSON.stringify(report));
      const all = places(copy);
      const [container, key] = all[place % all.length] ?? [{}, ''];
      if (value !== undefined) Reflect.set(container, key, value);
      else if (Array.isArray(container)) container.splice(Number(key), 1);
      else Reflect.deleteProperty(container, key);
      agree(copy, `${key} = ${JSON.stringify(value)}`);
    }),
    { numRuns: 2000 },
  );
  agree({ ...RUN, extra: 1 }, 'an unknown member');
  expect(verdicts.accepted).toBeGreaterThan(20);
  expect(verdicts.refused).toBeGreaterThan(1000);
});
