import coveringTests from 'virtual:covering-tests';
import { type Coverage, coverageOf } from '../../catalog/coverage.ts';
import { loadRows } from '../../catalog/rows.ts';
import { keyOf } from '../../report/case-key.ts';
import { EXIT } from '../exit.ts';
import { planCases } from '../plan-cases.ts';

const WORDS: Readonly<Record<Coverage, string>> = {
  covered: 'covered',
  partly: 'covered in part',
  planned: 'planned',
};

/**
 * Prints every row of the catalog with its clauses, each with the `id backend` of what covers it or
 * `planned`, and counts them. Needs neither browser nor adapter.
 */
export async function listRows(): Promise<number> {
  const rows = coverageOf(await loadRows(), [...(await planCases()).values(), ...coveringTests]);
  const counts: Record<Coverage, number> = { covered: 0, partly: 0, planned: 0 };
  const lines: string[] = [];
  for (const [id, { coverage, whole, clauses }] of rows) {
    counts[coverage]++;
    lines.push(`${id}  ${WORDS[coverage]}`, ...whole.map((subject) => `  ${keyOf(subject)}`));
    for (const [clause, subjects] of clauses) {
      const keys = subjects.map(keyOf);
      if (keys.length === 0 && whole.length === 0) keys.push('planned');
      lines.push(`  ${clause}`, ...keys.map((key) => `    ${key}`));
    }
  }
  const { covered, partly, planned } = counts;
  lines.push(
    `${rows.size} rows: ${covered} covered, ${partly} covered in part, ${planned} planned`,
  );
  process.stdout.write(`${lines.join('\n')}\n`);
  return EXIT.ok;
}
