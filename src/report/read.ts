import { messageOf } from '../errors.ts';
import { ReportError } from './error.ts';
import type { Report } from './schema.ts';
import { validateReport } from './validate.ts';

/** Far above any real report (a full run is about 1 MB), far below what hurts. */
export const MAX_REPORT_BYTES = 64 * 2 ** 20;
/** A report nests 6 deep. */
const MAX_DEPTH = 16;

/**
 * Reads a report that someone else wrote: its JSON text, or the UTF-8 bytes of it. `name` stands
 * for it in messages, as a rule the file's name. Nothing of a hostile input is executed or kept:
 * size, depth, every field and the agreement of the counts are checked first. Throws
 * {@link ReportError} with one line.
 */
export function readReport(source: string | Uint8Array, name: string): Report {
  const size = source.length;
  if (size > MAX_REPORT_BYTES) {
    throw new ReportError(
      'report-too-large',
      `${name}: ${size} bytes, a report has at most ${MAX_REPORT_BYTES}: is this the right file?`,
    );
  }
  return validateReport(parse(decode(source, name), name), name);
}

function decode(source: string | Uint8Array, name: string): string {
  if (typeof source === 'string') return source.replace(/^\uFEFF/, '');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(source);
  } catch (cause) {
    throw new ReportError(
      'report-not-json',
      `${name}: is not UTF-8 text: is this the right file?`,
      { cause },
    );
  }
}

function parse(text: string, name: string): unknown {
  if (text.trim() === '')
    throw new ReportError(
      'report-not-json',
      `${name}: is empty: make the report again with --report`,
    );
  if (nestsTooDeep(text)) {
    throw new ReportError(
      'report-not-json',
      `${name}: nests more than ${MAX_DEPTH} deep, so it is no report: is this the right file?`,
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ReportError(
      'report-not-json',
      `${name}: is not JSON (${messageOf(cause)}): is the file cut off?`,
      { cause },
    );
  }
}

const OPENING = new Set('[{');
const CLOSING = new Set(']}');

/** Whether too many braces and brackets outside strings are open at once; builds nothing. */
function nestsTooDeep(text: string): boolean {
  let open = 0;
  let inString = false;
  let isEscaped = false;
  for (const character of text) {
    if (isEscaped) isEscaped = false;
    else if (character === '"') inString = !inString;
    else if (inString) isEscaped = character === '\\';
    else if (CLOSING.has(character)) open--;
    else if (OPENING.has(character) && ++open > MAX_DEPTH) return true;
  }
  return false;
}
