import coveringTests from 'virtual:covering-tests';
import { type Coverage, coverageOf } from '../../catalog/coverage.ts';
import { loadRows } from '../../catalog/rows.ts';
import { keyOf } from '../../report/case-key.ts';
import { EXIT } from '../exit.ts';
import { readInput } from '../files.ts';
import { planCases } from '../plan-cases.ts';
import { unplanned } from './planned-rows.ts';

const WORDS: Readonly<Record<Coverage, string>> = {
  covered: 'covered',
  partly: 'covered in part',
  planned: 'planned',
};

/**
 * Prints every row of the catalog with its clauses, each with the `id backend` of what covers it or
 * `planned`, and counts them; with a file of planned rows what differs from it, which fails. Needs
 * neither browser nor adapter. Throws UsageError.
 */
export async function listRows(planned: string | undefined): Promise<number> {
  const list = planned === undefined ? undefined : readList(planned);
  const subjects = [...(await planCases()).values(), ...coveringTests];
  const rows = coverageOf(await loadRows(), subjects);
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
  const { covered, partly } = counts;
  lines.push(
    `${rows.size} rows: ${covered} covered, ${partly} covered in part, ${counts.planned} planned`,
  );
  process.stdout.write(`${lines.join('\n')}\n`);
  if (list === undefined) return EXIT.ok;
  const differing = unplanned(rows, subjects, list);
  for (const line of differing) console.error(`gradproof: ${line}`);
  return differing.length > 0 ? EXIT.failed : EXIT.ok;
}

function readList(path: string): { readonly path: string; readonly text: string } {
  return { path, text: new TextDecoder().decode(readInput('--planned', path)) };
}
