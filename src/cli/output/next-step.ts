import { reproduceCommand } from '../../report/reproduce.ts';
import type { Report } from '../../report/schema.ts';
import { countVerdicts, verdictOf } from '../../report/verdict.ts';
import { PROGRAM } from '../checkout.ts';

/** What to do next: why, and the command. */
export interface NextStep {
  readonly why: string;
  readonly command: string;
}

/** The one command that a person needs after this report of a run. */
export function nextStep(report: Report): NextStep {
  const { results, run, environments } = report;
  const [wrong] = results.filter((result) => verdictOf(result) === 'wrong');
  if (wrong) {
    const where = environments[wrong.env];
    const several = countVerdicts(results).wrong > 1;
    return {
      why: several ? 'See the first of them again' : 'See it again',
      command: reproduceCommand(wrong, report, where, PROGRAM),
    };
  }
  if (!run.complete) return { why: 'Run all of it', command: `${PROGRAM} --headless` };
  if (environments.some(({ adapter }) => adapter.isFallback) || countVerdicts(results).right === 0)
    return { why: 'See which adapters are here', command: `${PROGRAM} doctor` };
  return { why: 'Fine-tune a small model here', command: `${PROGRAM} train` };
}
