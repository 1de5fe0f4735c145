import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostMutant, HostOperator } from './host-mutant.ts';
import { hostMutantsOf } from './host-mutants.ts';
import { TypeChecker } from './type-checker.ts';

/** What is judged: all from the launch of a kernel to a training, and what brings data to it. */
const JUDGED = [
  'src/ops',
  'src/autograd',
  'src/models',
  'src/train',
  'src/quant',
  'src/data',
  'src/formats',
  'src/gpu',
  'src/graph',
  'src/tensor',
];

/** What judges, and what tells others of it. */
const JUDGES = ['src/reference', 'src/testing', 'src/report'];

/** How a report is shown, beside what it says; and what only tests use. */
const LEFT_OUT = [
  'src/report/badge.ts',
  'src/report/card.ts',
  'src/report/html',
  'src/report/html.ts',
  'src/report/markdown.ts',
  'src/report/markup.ts',
  'src/report/mosaic.ts',
  'src/report/plain-text.ts',
  'src/report/text-width.ts',
  'src/report/training-words.ts',
  'src/reference/plausible-bug.ts',
  'src/reference/nn/loss/plausible-bugs.ts',
  'src/reference/nn/norm/wrong-eps.ts',
  'src/testing/power.ts',
  'src/testing/trial.ts',
];

/** Tests, what they are given, and types alone. */
const TESTS = /(?:\.test|\.simulation|[./]samples|\.d)\.ts$|\/fixtures\//;

/** The files that have host mutants, as paths from the root. */
export function mutatedFiles(root: string): readonly string[] {
  return [...JUDGED, ...JUDGES]
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(
        (file) => `${folder}/${file.replaceAll('\\', '/')}`,
      ),
    )
    .filter((file) => file.endsWith('.ts') && !TESTS.test(file))
    .filter((file) => !LEFT_OUT.some((place) => `${file}/`.startsWith(`${place}/`)))
    .sort();
}

/** All host mutants, in the order of paths and lines. */
export function allHostMutants(root: string): readonly HostMutant[] {
  using types = new TypeChecker(root);
  return mutatedFiles(root).flatMap((file) =>
    hostMutantsOf(file, readFileSync(join(root, file), 'utf8'), types.factsOf(file)),
  );
}

/** How many mutants there are of each operator in each folder. */
export function countsOf(
  mutants: readonly HostMutant[],
): ReadonlyMap<string, ReadonlyMap<HostOperator, number>> {
  const counts = new Map<string, Map<HostOperator, number>>();
  for (const { file, operator } of mutants) {
    const folder = folderOf(file);
    const ofFolder = counts.get(folder) ?? new Map<HostOperator, number>();
    counts.set(folder, ofFolder.set(operator, (ofFolder.get(operator) ?? 0) + 1));
  }
  return counts;
}

/** The folder of the list that a file is in. */
export function folderOf(file: string): string {
  return file.split('/', 2).join('/');
}
