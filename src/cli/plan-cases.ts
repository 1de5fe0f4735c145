import { loadSuites } from '../harness/registry.ts';
import { plainText } from '../report/plain-text.ts';
import type { Case } from '../testing/suite.ts';
import { suitePosition } from './suite-position.ts';

let loading: Promise<ReadonlyMap<string, Case>> | undefined;

/**
 * Every case of this build by `id backend`. What is wrong in a file of suites is said on stderr,
 * once: the others are there.
 */
export function planCases(): Promise<ReadonlyMap<string, Case>> {
  loading ??= load();
  return loading;
}

async function load(): Promise<ReadonlyMap<string, Case>> {
  const { cases, broken } = await loadSuites();
  for (const { file, message, error } of broken) {
    const place = suitePosition(file, error) ?? file;
    process.stderr.write(
      `gradproof: ${place}: ${plainText(message)}; correct it: until then none of its cases runs, and those of other suites do\n`,
    );
  }
  return cases;
}
