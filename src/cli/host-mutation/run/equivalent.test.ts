import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadCases } from '../../../harness/registry.ts';
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

/** Whether a text names a case or a unit test that there is. */
async function isProof(text: string): Promise<boolean> {
  const [file = '', title] = text.split(' > ');
  if (title !== undefined) return readFileSync(join(ROOT, file), 'utf8').includes(title);
  return [...(await loadCases()).values()].some(({ id }) => id === text);
}

test('an argument of the same bits names a case or a test that proves it', async () => {
  for (const { class: kind, proof } of EQUIVALENTS)
    if (kind === 'same-bits') expect(await isProof(proof ?? ''), proof).toBe(true);
  expect(await isProof('src/train/early-stopping.test.ts > goes on while')).toBe(true);
  expect(await isProof('src/train/early-stopping.test.ts > no such title')).toBe(false);
  expect(await isProof('no.such:case')).toBe(false);
});
