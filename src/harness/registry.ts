import { InvariantError, messageOf } from '../errors.ts';
import { launchers } from '../ops/registry.ts';
import { records } from '../reference/registry.ts';
import { keyOf } from '../report/case-key.ts';
import { deriveSuite } from '../testing/derive.ts';
import { type Case, type Suite, SuiteError } from '../testing/suite.ts';
import { type BrokenSuite, brokenSuiteCase } from './broken-suite.ts';
import { nextTask } from './next-task.ts';

/** The suites that the op records imply. */
function* derivedSuites(): Generator<Suite> {
  for (const record of records.values()) {
    const op = launchers.get(record.name);
    if (!op)
      throw new InvariantError(`record ${record.name} has no launcher in src/ops/${record.family}`);
    yield deriveSuite(record, op);
  }
}

/** So many suites are made in one task: the page answers in between. */
const SUITES_A_TASK = 8;

/** Files of suites, each evaluated by itself: what one throws is its own affair. */
export type SuiteFiles = Readonly<Record<string, () => Promise<Record<string, unknown>>>>;

const SUITE_FILES: SuiteFiles = import.meta.glob<Record<string, unknown>>(
  '../../suites/**/*.suite.ts',
);

/** The plan of this build, and what is wrong with it. */
export interface LoadedCases {
  /** Every case by `id backend`, one for each broken file among them. */
  readonly cases: ReadonlyMap<string, Case>;
  readonly broken: readonly BrokenSuite[];
}

/**
 * Loads every suite: those that the op records imply, then those of `files`. A file that cannot be
 * loaded, or declares a case that is there already, is left out and is a case that ends with an
 * error instead.
 */
export async function loadSuites(files: SuiteFiles = SUITE_FILES): Promise<LoadedCases> {
  const cases = new Map<string, Case>();
  await nextTask(); // what was imported took its share of this one
  let made = 0;
  for (const suite of derivedSuites()) {
    for (const declared of suite.cases) {
      if (cases.has(keyOf(declared)))
        throw new InvariantError(`case ${keyOf(declared)} is declared twice`);
      cases.set(keyOf(declared), declared);
    }
    if (++made % SUITES_A_TASK === 0) await nextTask();
  }
  const broken: BrokenSuite[] = [];
  const loaded: ReturnType<typeof loadFile>[] = [];
  for (const [path, load] of Object.entries(files)) {
    loaded.push(loadFile(path, load));
    if (loaded.length % SUITES_A_TASK === 0) await nextTask();
  }
  for (const { file, ...found } of await Promise.all(loaded)) {
    try {
      if (!found.cases) throw found.error;
      for (const [key, declared] of byKey(found.cases, cases)) cases.set(key, declared);
    } catch (error) {
      broken.push({ file, message: messageOf(error), error });
    }
  }
  for (const declared of broken.map(brokenSuiteCase)) cases.set(keyOf(declared), declared);
  return { cases, broken };
}

/** The cases of one file, or what it throws. */
async function loadFile(
  path: string,
  load: SuiteFiles[string],
): Promise<{ readonly file: string; readonly cases?: readonly Case[]; readonly error?: unknown }> {
  const file = path.replace(/^(\.\.\/)+/, '');
  try {
    return { file, cases: casesOf(await load()) };
  } catch (error) {
    return { file, error };
  }
}

/** Every case by `id backend`; see {@link loadSuites}. */
export async function loadCases(): Promise<ReadonlyMap<string, Case>> {
  return (await loadSuites()).cases;
}

/** The cases of a suite file. Throws {@link SuiteError} on an export that is no suite. */
function casesOf(module: Record<string, unknown>): readonly Case[] {
  return Object.entries(module).flatMap(([name, exported]) => {
    const { cases } = exported as Partial<Suite>;
    if (!cases)
      throw new SuiteError(`exports ${name}: only what suite(...) returns may be exported`);
    return cases;
  });
}

/** Cases of one file by their keys. Throws {@link SuiteError} on one that is declared already. */
function byKey(
  declared: readonly Case[],
  others: ReadonlyMap<string, Case>,
): ReadonlyMap<string, Case> {
  const own = new Map<string, Case>();
  for (const one of declared) {
    const key = keyOf(one);
    if (own.has(key) || others.has(key))
      throw new SuiteError(
        `case ${one.id} is declared twice: give each case of the plan a name of its own`,
      );
    own.set(key, one);
  }
  return own;
}
