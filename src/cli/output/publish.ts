import { causesOf } from '../../report/causes.ts';
import type { Headline } from '../../report/headlines.ts';
import { encodeLink } from '../../report/link/encode.ts';
import { toMarkdown } from '../../report/markdown.ts';
import { planHash, planText } from '../../report/plan.ts';
import type { Report } from '../../report/schema.ts';
import { PROGRAM } from '../checkout.ts';
import { planCases } from '../plan-cases.ts';
import type { ShareBase } from '../share-base.ts';
import { showFailures } from './failures.ts';
import { nextStep } from './next-step.ts';
import { type ReportFiles, writeReportFiles } from './report-files.ts';
import { showSummary } from './summary.ts';
import type { Voice } from './voice.ts';
import { addToStepSummary, annotations, inWorkflow } from './workflow.ts';

/** What is published of a report besides it. */
export interface Publication {
  readonly files: Partial<ReportFiles>;
  readonly shareBase: ShareBase;
  readonly headlines?: readonly Headline[];
  /** Whether a workflow shows the failures of this report beside its job. */
  readonly annotated?: boolean;
  /** Says what else can be done, before the share link. */
  readonly sayMore?: () => void;
}

/**
 * Writes a report in each form that was asked for and tells people of it: failures, the answer, a
 * warning about the adapter, the next command, and last the share link. Throws UsageError.
 */
export async function publish(
  report: Report,
  voice: Voice,
  { files, shareBase, headlines = [], annotated = false, sayMore = () => {} }: Publication,
): Promise<void> {
  const link = await linkOf(report, shareBase);
  const causes = causesOf(report.results);
  showFailures(voice, causes);
  if (annotated && inWorkflow()) for (const line of annotations(causes)) voice.say(line);
  showSummary(voice, report, headlines);
  sayMore();
  const { why, command } = nextStep(report);
  voice.say(`${why}: ${command}`);
  addToStepSummary(
    toMarkdown(report, {
      headlines,
      program: PROGRAM,
      ...(link !== undefined && shareBase.isPublic ? { link } : {}),
    }),
  );
  if (link !== undefined) sayLink(voice, link, shareBase);
  // What cannot be written takes no answer away.
  await writeReportFiles(files, report, { headlines, link });
}

function sayLink(voice: Voice, link: string, { isPublic }: ShareBase): void {
  if (!isPublic)
    voice.say(
      `This link opens on this computer only, while ${PROGRAM.replace(/ --$/, '')} serves the page; --share-base URL makes one that opens for others.`,
    );
  voice.say(`Share it: ${link}`);
}

/** The share link; undefined where there is nothing to tell, or another build made the report. */
async function linkOf(report: Report, { url }: ShareBase): Promise<string | undefined> {
  const plan = planText((await planCases()).values());
  if (report.results.length === 0 || report.run.planHash !== (await planHash(plan)))
    return undefined;
  return `${url}#${await encodeLink(report, plan)}`;
}
