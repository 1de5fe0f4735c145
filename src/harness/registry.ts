import { InvariantError } from '../errors.ts';
import { launchers } from '../ops/registry.ts';
import { records } from '../reference/registry.ts';
import { keyOf } from '../report/case-key.ts';
import { deriveSuite } from '../testing/derive.ts';
import type { Case, Suite } from '../testing/suite.ts';

/** Every suite of this build: those that the op records imply, then those of suites/. */
function loadSuites(): readonly Suite[] {
  const derived = [...records.values()].map((record) => {
    const op = launchers.get(record.name);
    if (!op)
      throw new InvariantError(`record ${record.name} has no launcher in src/ops/${record.family}`);
    return deriveSuite(record, op);
  });
  const modules = import.meta.glob<Record<string, Suite>>('../../suites/**/*.suite.ts', {
    eager: true,
  });
  return [...derived, ...Object.values(modules).flatMap((module) => Object.values(module))];
}

/**
 * Every case by `id backend`. Throws InvariantError on a duplicate, so that it fails at load and
 * not at run.
 */
export function loadCases(): ReadonlyMap<string, Case> {
  const cases = new Map<string, Case>();
  for (const declared of loadSuites().flatMap((suite) => suite.cases)) {
    const key = keyOf(declared);
    if (cases.has(key)) throw new InvariantError(`case ${key} is declared twice`);
    cases.set(key, declared);
  }
  return cases;
}
