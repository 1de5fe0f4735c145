import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { covers } from '../../src/catalog/covers.ts';
import { RecipeCopy } from './copy.ts';

/** Makes a suite by the command, in a copy of the tree. */

const NAME = 'train.fresh-thing';
const FILE = 'suites/train/fresh-thing.suite.ts';

let copy: RecipeCopy;

beforeAll(() => {
  copy = new RecipeCopy('Add a suite');
});
afterAll(() => copy[Symbol.dispose]());

const command = (...args: readonly string[]) =>
  spawnSync(process.execPath, [copy.at('scripts/new-suite.mjs'), ...args], { encoding: 'utf8' });

test(
  'a new suite is whole but for what it asserts: seeded, followed, and red',
  covers('fsdp.utilities.contributing-rules/scaffold-command').control(
    'what was not written yet passes',
    {
      file: 'scripts/new-suite/suite-text.mjs',
      from: 't.expect(false, () =>',
      to: 't.expect(true, () =>',
    },
  ),
  () => {
    const { status, stdout } = command(NAME);
    expect([status, stdout]).toEqual([
      0,
      `${FILE} is written. See it red: npm start -- --filter '${NAME}:*'\n`,
    ]);
    const text = readFileSync(copy.at(FILE), 'utf8');
    for (const part of ['memoryTracker(t.gpu)', '.needs()', 't.random()', '.timeout(20_000)'])
      expect(text).toContain(part);
    expect(text).toMatch(/^const [A-Z]+ = \d+;$/m);
    const { failed, passed } = copy.test(NAME, ['scripts/recipe/cases.test.ts'], {
      RECIPE_SUITES: NAME,
    });
    // Both cases turn red with their fault, and are red without it.
    expect(passed).toBe(2);
    expect(failed).toHaveLength(2);
    for (const one of failed) expect(one).toMatch(/^train\.fresh-thing:first;rows=\d+ passes: /);
  },
);

test('it is typed and formatted as the others are', () => {
  copy.run('typescript/bin/tsc');
  copy.run('@biomejs/biome/bin/biome', 'check', '--error-on-warnings', FILE);
});

test.each([
  [[], 'no name: npm run new-suite -- AREA.NAME'],
  [['fresh'], 'fresh: npm run new-suite -- AREA.NAME'],
  [['train.Fresh'], 'train.Fresh: npm run new-suite -- AREA.NAME'],
  [['../train.fresh'], '../train.fresh: npm run new-suite -- AREA.NAME'],
  [['train.fresh', 'more'], 'train.fresh more: npm run new-suite -- AREA.NAME'],
  [['train.loop'], 'suites/train/loop.suite.ts is there already: take another name'],
])('%j is refused in one line, and nothing is written', (args, message) => {
  const { status, stdout, stderr } = command(...args);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^gradproof: [^\n]+\n$/);
  expect(stderr).toContain(message);
});
