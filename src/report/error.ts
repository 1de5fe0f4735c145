import { GradproofError } from '../errors.ts';
import { plainText } from './plain-text.ts';

/** Why a report is refused. */
export type ReportErrorCode =
  | 'report-too-large'
  | 'report-not-json'
  | 'report-invalid'
  | 'report-inconsistent';

/**
 * A report that cannot be used: the message names the file, the field, what is wrong and what to
 * do.
 */
export class ReportError extends GradproofError {
  constructor(code: ReportErrorCode, message: string, options?: ErrorOptions) {
    super(code, plainText(message), options);
  }
}
