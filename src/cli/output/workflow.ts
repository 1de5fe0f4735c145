import { appendFileSync } from 'node:fs';
import { messageOf } from '../../errors.ts';
import type { Cause } from '../../report/causes.ts';
import { plainText } from '../../report/plain-text.ts';
import { reasonOf } from '../../report/reason.ts';
import { UsageError } from '../exit.ts';

/** GitHub shows so many errors of one step, and drops the others. */
const MOST_ANNOTATIONS = 10;
/** Of a message; the report has all of it. */
const MOST_CHARACTERS = 1_000;

/** Whether a job of GitHub Actions runs this, which reads commands out of what is printed. */
export function inWorkflow(): boolean {
  return process.env['GITHUB_ACTIONS'] === 'true';
}

/**
 * The commands that show what is wrong beside the job's result, at most ten: of each cause one
 * before a second of any; the last says how many there are beside them.
 */
export function annotations(causes: readonly Cause[]): readonly string[] {
  const wrong = inTurn(causes.map(({ results }) => results));
  const shown = wrong.length > MOST_ANNOTATIONS ? MOST_ANNOTATIONS - 1 : wrong.length;
  const lines = wrong.slice(0, shown).map((result) => {
    const { code, message } = reasonOf(result);
    return annotation(result.id, `${code}: ${message}`);
  });
  const more = wrong.length - shown;
  return more === 0
    ? lines
    : [...lines, annotation(`${more} more`, 'The summary and the report of this job name them.')];
}

/** The first of each list, then the second of each, and so on. */
function inTurn<T>(lists: readonly (readonly T[])[]): readonly T[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, i) =>
    lists.flatMap((list) => list.slice(i, i + 1)),
  ).flat();
}

/** One command; texts cannot end it, nor its properties. */
function annotation(title: string, message: string): string {
  const text = (value: string) => plainText(value, MOST_CHARACTERS).replaceAll('%', '%25');
  const property = text(title).replaceAll(':', '%3A').replaceAll(',', '%2C');
  return `::error title=${property}::${text(message)}`;
}

/** Adds to the summary that GitHub shows of the step, where it names a file for that. */
export function addToStepSummary(markdown: string): void {
  const file = process.env['GITHUB_STEP_SUMMARY'];
  if (!file || !inWorkflow()) return;
  try {
    appendFileSync(file, `${markdown}\n`);
  } catch (error) {
    throw new UsageError(`GITHUB_STEP_SUMMARY ${file}: cannot be written: ${messageOf(error)}`);
  }
}
