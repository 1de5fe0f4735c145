import { toCsv } from '../../report/csv.ts';
import type { Headline } from '../../report/headlines.ts';
import { toHtml } from '../../report/html.ts';
import { toJUnit } from '../../report/junit.ts';
import type { Report } from '../../report/schema.ts';
import { writeReport } from '../../report/write.ts';
import { PROGRAM } from '../checkout.ts';
import { UsageError } from '../exit.ts';
import { checkOutputs, type Inputs, writeOutputs } from '../files.ts';
import { type Voice, voiceOn } from './voice.ts';

/** Where a report goes in each of its forms; `-` is stdout. */
export interface ReportFiles {
  readonly report: string;
  readonly junit: string;
  readonly html: string;
  readonly csv: string;
  readonly link: string;
}

/** What of a report does not stand in it. */
interface Beside {
  /** How each library did. */
  readonly headlines: readonly Headline[];
  /** The share link; undefined where there is none. */
  readonly link: string | undefined;
}

type Form = (report: Report, beside: Beside) => string | Promise<string>;

const FORMS: Readonly<Record<keyof ReportFiles, Form>> = {
  report: (report) => writeReport(report),
  junit: (report) => toJUnit(report),
  html: (report, { headlines }) => toHtml(report, headlines, PROGRAM),
  csv: (report) => toCsv(report),
  link: (_, { link }) => {
    if (link === undefined)
      throw new UsageError(
        '--link: this report has none: it is empty, or of another build, which can make one',
      );
    return `${link}\n`;
  },
};

/** The forms that were asked for, in the order in which they are written. */
function wanted(
  files: Partial<ReportFiles>,
): readonly (readonly [option: string, path: string, form: Form])[] {
  return Object.entries(FORMS).flatMap(([name, form]) => {
    const path = files[name as keyof ReportFiles];
    return path ? [[`--${name}`, path, form] as const] : [];
  });
}

/** For what is said to people: stderr where stdout is for a form of the report. */
export function voiceFor(files: Partial<ReportFiles>): Voice {
  return voiceOn(wanted(files).some(([, path]) => path === '-') ? process.stderr : process.stdout);
}

/**
 * Checks before a long run that all files can be written, each its own and none of `inputs`. Throws
 * UsageError.
 */
export function checkReportFiles(files: Partial<ReportFiles>, inputs?: Inputs): void {
  checkOutputs(Object.fromEntries(wanted(files)), inputs);
}

/**
 * Writes the report in each form that was asked for and can be had. Throws UsageError about the
 * others.
 */
export async function writeReportFiles(
  files: Partial<ReportFiles>,
  report: Report,
  beside: Beside,
): Promise<void> {
  await writeOutputs(
    wanted(files).map(([option, path, form]) => ({
      ...{ option, path },
      data: () => form(report, beside),
    })),
  );
}
