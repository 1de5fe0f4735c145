import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

type Lines = ReadonlyMap<string, readonly (readonly [number, number])[]>;
interface Result {
  readonly id: string;
  readonly status: string;
  readonly error?: { readonly message: string };
}
interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly string[];
  readonly reasons: readonly string[];
}
const { changedLines, countsOfHostMutants } = (await import(
  new URL('host-mutants.mjs', import.meta.url).href
)) as {
  changedLines: (root: string) => Lines;
  countsOfHostMutants: (report: { results: readonly Result[] }, changed: Lines) => Counts;
};

const idAt = (line: number, place = 'src.train.learner') =>
  `mutate.host.${place}:drop-statement;line=${line};n=1`;
const of = (status: string, count: number): Result[] =>
  Array.from({ length: count }, (_, i) => ({
    id: idAt(i + 1, 'src.ops.math.add'),
    status,
    ...(status === 'fail' || status === 'lost' ? { error: { message: `${status} ${i + 1}` } } : {}),
  }));
const survivorAt = (line: number, place?: string): Result => ({
  id: idAt(line, place),
  status: 'fail',
  error: { message: `survived ${line}` },
});
const CHANGED: Lines = new Map([
  [
    'src.train.learner',
    [
      [12, 14],
      [30, 30],
    ],
  ],
]);
const judged = (results: readonly Result[]) => countsOfHostMutants({ results }, CHANGED);

describe('of a report of host mutants', () => {
  test('what is killed passes, and what is argued or invalid is skipped without a word', () => {
    expect(judged([...of('pass', 5), ...of('skip', 3)])).toEqual({
      passed: 5,
      failed: 0,
      skipped: 3,
      failures: [],
      reasons: [],
    });
  });

  test.each([12, 13, 14, 30])('one that lives in changed line %d fails', (line) => {
    expect(judged([...of('pass', 59), survivorAt(line)])).toEqual({
      passed: 59,
      failed: 1,
      skipped: 0,
      failures: [`lives in a line that changed: survived ${line}`],
      reasons: [`lives in a line that changed: survived ${line}`],
    });
  });

  test.each([
    [11, 'src.train.learner'],
    [15, 'src.train.learner'],
    [29, 'src.train.learner'],
    [31, 'src.train.learner'],
    [12, 'src.train.learner.more'],
    [12, 'src.train'],
    [3012, 'src.train.learner'],
  ])('one that lives in line %d of %s does not, and is told', (line, place) => {
    expect(judged([...of('pass', 59), survivorAt(line, place)])).toEqual({
      passed: 59,
      failed: 0,
      skipped: 1,
      failures: [],
      reasons: [`survived ${line}`],
    });
  });

  test('two may live in other lines, and three may not', () => {
    expect(judged([...of('pass', 58), ...of('fail', 2)])).toEqual({
      passed: 58,
      failed: 0,
      skipped: 2,
      failures: [],
      reasons: ['fail 1', 'fail 2'],
    });
    expect(judged([...of('pass', 57), ...of('fail', 3)])).toEqual({
      passed: 57,
      failed: 3,
      skipped: 0,
      failures: ['3 live in other lines, where 2 may'],
      reasons: ['3 live in other lines, where 2 may', 'fail 1', 'fail 2', 'fail 3'],
    });
  });

  test('those in changed lines do not count among the two', () => {
    expect(judged([...of('pass', 57), ...of('fail', 2), survivorAt(12)])).toEqual({
      passed: 57,
      failed: 1,
      skipped: 2,
      failures: ['lives in a line that changed: survived 12'],
      reasons: ['lives in a line that changed: survived 12', 'fail 1', 'fail 2'],
    });
  });

  test('without a last commit all count as others', () => {
    const results = [...of('pass', 58), survivorAt(12), survivorAt(13)];
    expect(countsOfHostMutants({ results }, new Map())).toMatchObject({ failed: 0, skipped: 2 });
  });

  test.each([
    { pass: 30, skip: 0, fail: 0, lost: 30 },
    { pass: 26, skip: 2, fail: 2, lost: 30 },
    { pass: 3, skip: 0, fail: 0, lost: 3 },
    { pass: 1, skip: 0, fail: 0, lost: 1 },
    { pass: 0, skip: 0, fail: 0, lost: 2 },
    { pass: 0, skip: 0, fail: 1, lost: 1 },
  ])(
    'half decided are enough, or all but as many as may live: %o',
    ({ pass, skip, fail, lost }) => {
      const results = [...of('pass', pass), ...of('skip', skip), ...of('fail', fail)];
      const counts = judged([...results, ...of('lost', lost)]);
      expect(counts).toMatchObject({ passed: pass, failed: 0, skipped: skip + fail + lost });
      expect(counts.reasons).toHaveLength(fail + lost);
    },
  );

  test.each([
    { pass: 29, skip: 0, fail: 0, lost: 31, decided: '29 of 60' },
    { pass: 26, skip: 1, fail: 2, lost: 31, decided: '29 of 60' },
    { pass: 1, skip: 0, fail: 0, lost: 59, decided: '1 of 60' },
    { pass: 2, skip: 0, fail: 0, lost: 3, decided: '2 of 5' },
    { pass: 0, skip: 0, fail: 1, lost: 2, decided: '1 of 3' },
    { pass: 0, skip: 1, fail: 2, lost: 4, decided: '3 of 7' },
  ])('fewer fail, with one line that says how many: %o', ({ pass, skip, fail, lost, decided }) => {
    const results = [...of('pass', pass), ...of('skip', skip), ...of('fail', fail)];
    const counts = judged([...results, ...of('lost', lost)]);
    expect(counts).toMatchObject({ passed: pass, failed: lost, skipped: skip + fail });
    expect(counts.reasons.filter((line) => line.startsWith(`only ${decided} were`))).toEqual([
      expect.stringContaining('half should be: run npm test where less else runs'),
    ]);
  });
});

describe('changed lines', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gradproof-'));
    git('init');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], {
      cwd: folder,
      stdio: 'ignore',
    });
  const write = (path: string, ...lines: readonly string[]) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), lines.map((line) => `${line}\n`).join(''));
  };
  const commit = () => {
    git('add', '.');
    git('commit', '-m', 'Go on');
  };
  const changed = (root = folder) => Object.fromEntries(changedLines(root));

  test('are those of the last commit, where nothing differs from it', () => {
    write('src/a/b.ts', 'one', 'two', 'three', 'four', 'five');
    write('src/gone.ts', 'one');
    write('docs/a.md', 'one');
    commit();
    expect(changed(), 'a first commit has no parent').toEqual({});
    write('src/a/b.ts', 'one', '2', '3', 'four', 'five', 'six');
    write('src/new.ts', 'one', 'two');
    write('docs/a.md', 'two');
    git('rm', 'src/gone.ts');
    commit();
    expect(changed()).toEqual({
      'src.a.b': [
        [2, 3],
        [6, 6],
      ],
      'src.new': [[1, 2]],
    });
  });

  test('are those that differ from the last commit, where any does, and all of a new file', () => {
    write('src/a.ts', 'one', 'two', 'three');
    write('src/b.ts', 'one');
    commit();
    write('src/b.ts', 'two');
    commit();
    write('src/a.ts', 'one', 'three', 'four');
    expect(changed()).toEqual({ 'src.a': [[3, 3]] });
    git('checkout', 'src/a.ts');
    write('src/a.ts', 'one', 'three');
    expect(changed(), 'a line that is gone has no place').toEqual({ 'src.a': [] });
    git('checkout', 'src/a.ts');
    write('src/c.d.ts', 'one');
    expect(changed()).toEqual({ 'src.c.d': [[1, Number.POSITIVE_INFINITY]] });
    git('add', '.');
    expect(changed()).toEqual({ 'src.c.d': [[1, 1]] });
  });

  test('have the names that they have from the root, in a folder of another repository too', () => {
    write('mine/src/a.ts', 'one');
    write('src/a.ts', 'one');
    commit();
    write('mine/src/a.ts', 'two', 'three');
    write('src/a.ts', 'two');
    expect(changed(join(folder, 'mine'))).toEqual({ 'src.a': [[1, 2]] });
  });

  test('are told as they are, whatever a person likes diffs to look like', () => {
    git('config', 'diff.noprefix', 'true');
    git('config', 'color.diff', 'always');
    write('src/a.ts', 'one');
    commit();
    write('src/a.ts', 'two');
    expect(changed()).toEqual({ 'src.a': [[1, 1]] });
  });

  test('are none outside a checkout', () => {
    rmSync(join(folder, '.git'), { recursive: true });
    write('src/a.ts', 'one');
    expect(changed()).toEqual({});
  });
});
