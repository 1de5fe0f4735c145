import { type Mutant, mutantId } from '../../harness/mutation/mutants.ts';
import { mutantSet } from '../../harness/mutation/select.ts';
import type { ShaderSources } from '../../harness/mutation/sources.ts';
import type { Report } from '../../report/schema.ts';
import { UsageError } from '../exit.ts';
import type { MutantSnapshot } from './snapshot.ts';
import { codeOf } from './take.ts';

/**
 * The verdicts of a whole mutation run of these sources, by what was changed and not by its line.
 * Throws UsageError about another run's report.
 */
export function mutantsOfReport(report: Report, sources: ShaderSources): readonly MutantSnapshot[] {
  const verdicts = new Map(report.results.map((result) => [result.id, codeOf(result)]));
  const set = mutantSet(sources);
  if (report.kind !== 'mutate' || verdicts.size !== set.length)
    throw new UsageError(
      `the report is not of all ${set.length} mutants: make it with npm start -- mutate --report FILE`,
    );
  return set.map((mutant) => {
    const id = mutantId(mutant);
    const verdict = verdicts.get(id);
    if (verdict === undefined)
      throw new UsageError(
        `the report has no ${id}: make it of this checkout, with npm start -- mutate --report FILE`,
      );
    return { kernel: mutant.file, change: changeOf(mutant, sources.textOf(mutant.file)), verdict };
  });
}

function changeOf({ operator, start, end, replacement }: Mutant, source: string): string {
  const fragment = source.slice(start, end);
  const occurrence = source.slice(0, start).split(fragment).length;
  return `${operator}: "${oneLine(fragment)}" (${occurrence}) became "${oneLine(replacement)}"`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
