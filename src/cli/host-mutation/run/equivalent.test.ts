import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { expect, test } from 'vitest';
import { loadCases } from '../../../harness/registry.ts';
import { isNode, visit } from '../../syntax/syntax.ts';
import type { HostMutant } from '../host-mutant.ts';
import { hostMutantsOf } from '../host-mutants.ts';
import { TypeChecker } from '../type-checker.ts';
import { argumentFor, EQUIVALENTS, type EquivalentMutant } from './equivalent.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const IN_USE = 'src/train/early-stopping.ts';

/** The mutants of files of the sources as they are. */
function mutantsOf(files: readonly string[]): readonly HostMutant[] {
  using types = new TypeChecker(ROOT);
  return files.flatMap((file) =>
    hostMutantsOf(file, readFileSync(join(ROOT, file), 'utf8'), types.factsOf(file)),
  );
}

/** What is argued of no mutant that there is. */
function staleOf(
  argued: readonly EquivalentMutant[],
  mutants: readonly HostMutant[],
): readonly EquivalentMutant[] {
  return argued.filter((one) => !mutants.some((mutant) => argumentFor(mutant, [one])));
}

test('every argument is about a mutant of the sources as they are', () => {
  const mutants = mutantsOf([...new Set([IN_USE, ...EQUIVALENTS.map(({ file }) => file)])]);
  expect(staleOf(EQUIVALENTS, mutants)).toEqual([]);
  const [mutant] = mutants.filter(({ file }) => file === IN_USE);
  const { file, statement, operator, n } = mutant as HostMutant;
  const kept: EquivalentMutant = {
    file,
    statement,
    operator,
    n,
    becomes: '',
    class: 'speed-only',
    why: '',
  };
  const gone = { ...kept, statement: '000000000000' };
  expect(staleOf([kept, gone], mutants)).toEqual([gone]);
});

/** A test or a group of tests of a file, with its title as the file has it. */
interface Titled {
  readonly title: string;
  readonly isTest: boolean;
  readonly start: number;
  readonly end: number;
}

/** The tests and groups of a file whose titles are plain strings. */
function titledIn(file: string): readonly Titled[] {
  const found: Titled[] = [];
  visit(parseSync(file, readFileSync(join(ROOT, file), 'utf8')).program, (node) => {
    if (node.type !== 'CallExpression') return;
    const [first] = node['arguments'] as unknown[];
    const called = calledBy(node['callee']);
    const title = isNode(first) ? first['value'] : undefined;
    if (typeof title !== 'string' || !['test', 'describe'].includes(called)) return;
    const place = { start: Number(node['start']), end: Number(node['end']) };
    found.push({ title, isTest: called === 'test', ...place });
  });
  return found;
}

/** `test` of `test`, `test.each(...)` and `test.skipIf(...)`. */
function calledBy(callee: unknown): string {
  if (!isNode(callee)) return '';
  if (callee.type === 'CallExpression') return calledBy(callee['callee']);
  if (callee.type === 'MemberExpression') return calledBy(callee['object']);
  return String(callee['name']);
}

/**
 * Whether a text names a case, or a unit test: `file > title`, and before the title those of groups
 * around it, where others have the same. Titles are whole.
 */
async function isProof(text: string): Promise<boolean> {
  const [file = '', ...titles] = text.split(' > ');
  const title = titles.pop();
  if (title === undefined) return [...(await loadCases()).values()].some(({ id }) => id === text);
  const titled = titledIn(file);
  const named = titled.filter((each) => {
    const around = titled.filter(
      ({ isTest, start, end }) => !isTest && start < each.start && each.end < end,
    );
    return (
      each.isTest &&
      each.title === title &&
      titles.every((group) => around.some((one) => one.title === group))
    );
  });
  return named.length === 1;
}

test('an argument of the same bits names a case or a test that proves it', async () => {
  for (const { class: kind, proof } of EQUIVALENTS)
    if (kind === 'same-bits') expect(await isProof(proof ?? ''), proof).toBe(true);
  const stops = 'goes on while the loss falls, and stops after as many epochs as patience has';
  expect(await isProof(`src/train/early-stopping.test.ts > ${stops}`)).toBe(true);
  expect(await isProof('src/train/early-stopping.test.ts > goes on while')).toBe(false);
  // A row of a table is no test, and of four tables one must be meant.
  const launches = 'src/ops/quant/launches.test.ts';
  expect(await isProof(`${launches} > trits > %s: %s`)).toBe(true);
  expect(await isProof(`${launches} > trits > ternary_pack`)).toBe(false);
  expect(await isProof(`${launches} > %s: %s`)).toBe(false);
  expect(await isProof(`${launches} > no such group > %s: %s`)).toBe(false);
  expect(await isProof(`${launches} > trits`)).toBe(false);
  expect(await isProof('no.such:case')).toBe(false);
});
