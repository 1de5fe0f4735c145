import type { Report } from '../../report/schema.ts';
import { reportFile } from '../reports/report-files.ts';

/** Whether the system has a sheet to send things with, as phones do. */
export function canSend(): boolean {
  return typeof navigator.share === 'function';
}

/**
 * Opens the system's sheet for a link; without one for the result as a page, where that takes files.
 * A sheet that is closed again is no error.
 */
export async function send(report: Report, link: string | undefined): Promise<void> {
  const data =
    link === undefined
      ? { files: [await reportFile(report, 'html')] }
      : { title: document.title, url: link };
  await navigator.share(data).catch(() => {});
}
