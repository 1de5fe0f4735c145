import { keyOf } from '../../report/case-key.ts';
import { readPacked, unpack } from '../../report/packed.ts';
import type { CaseResult, Report } from '../../report/schema.ts';
import { bytesOf } from '../controls/file-bytes.ts';
import { testsWords } from './tests.en.ts';

/** Whether a file, packed or not, begins as a report of kind `test` does. */
export async function isOfTests(file: File): Promise<boolean> {
  try {
    const text = await unpack(await bytesOf(file, 'report'), file.name);
    return /"kind":\s*"test"/.test(new TextDecoder().decode(text.subarray(0, 1000)));
  } catch {
    return false; // who reads all of it says what is wrong
  }
}

/** Reads a report of kind `test`. Throws, with a line for people, where the file is none. */
export async function readTests(file: File): Promise<Report> {
  const report = await readPacked(await bytesOf(file, 'report'), file.name);
  if (report.kind !== 'test') throw new Error(testsWords().notTests(file.name));
  return report;
}

/** Reads a report of any other kind. Throws, with a line for people, where the file is none. */
export async function readRun(file: File): Promise<Report> {
  const report = await readPacked(await bytesOf(file, 'report'), file.name);
  if (report.kind === 'test') throw new Error(testsWords().areTests(file.name));
  return report;
}

/** The results of tests by key; one that is not right stands for others of its key. */
export function resultsOf(results: readonly CaseResult[]): ReadonlyMap<string, CaseResult> {
  const found = new Map<string, CaseResult>();
  for (const result of results) {
    const key = keyOf(result);
    if (!found.has(key) || result.status !== 'pass') found.set(key, result);
  }
  return found;
}
