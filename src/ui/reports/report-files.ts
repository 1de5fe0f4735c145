import type { Report } from '../../report/schema.ts';
import { download } from '../controls/download.ts';

/** How a report can be written to a file. Writers are loaded when they are asked for. */
const WRITERS = {
  json: {
    extension: 'json',
    type: 'application/json',
    load: async () => (await import('../../report/write.ts')).writeReport,
  },
  html: {
    extension: 'html',
    type: 'text/html',
    load: async () => (await import('../../report/html.ts')).toHtml,
  },
  csv: {
    extension: 'csv',
    type: 'text/csv',
    load: async () => (await import('../../report/csv.ts')).toCsv,
  },
  junit: {
    extension: 'xml',
    type: 'application/xml',
    load: async () => (await import('../../report/junit.ts')).toJUnit,
  },
} as const satisfies Readonly<
  Record<
    string,
    {
      extension: string;
      type: string;
      load: () => Promise<(report: Report) => string | Promise<string>>;
    }
  >
>;

/** The name of a format of reports. */
export type ReportFormat = keyof typeof WRITERS;

/** A report as a file. */
export async function reportFile(report: Report, format: ReportFormat): Promise<File> {
  const { extension, type, load } = WRITERS[format];
  const write = await load();
  return new File([await write(report)], `gradproof-${report.run.id}.${extension}`, { type });
}

/** Hands a report to the person as a file. */
export async function saveReport(report: Report, format: ReportFormat): Promise<void> {
  const file = await reportFile(report, format);
  download(file.name, file, file.type);
}
