import { messageOf } from '../../errors.ts';
import { pack, unpack } from '../../report/packed.ts';
import { readReport } from '../../report/read.ts';
import type { Report } from '../../report/schema.ts';
import { testsWords } from '../suites/tests.en.ts';

/** A file of many runs may unpack to this; a kept run is about 1 MB. */
const MAX_BYTES = 256 * 2 ** 20;
/** Far more than are ever kept. */
const MAX_RUNS = 1000;

/** A file of all runs: a report a line, packed. */
export function writeRuns(reports: readonly Report[]): Promise<Uint8Array<ArrayBuffer>> {
  return pack(reports.map((report) => `${JSON.stringify(report)}\n`).join(''));
}

/**
 * What is in a chosen file: the runs of {@link writeRuns}, or one report, packed or not; for each
 * that cannot be read, why. Never throws, and reads the next only when it is asked for, so that a
 * page stays alive.
 */
export async function* readRuns(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
): AsyncGenerator<Report | string> {
  try {
    const texts = split(new TextDecoder().decode(await unpack(bytes, name, MAX_BYTES)));
    for (const [index, text] of texts.slice(0, MAX_RUNS).entries()) {
      yield read(text, texts.length === 1 ? name : `${name}, line ${index + 1}`);
      await new Promise((resolve) => setTimeout(resolve));
    }
    if (texts.length > MAX_RUNS)
      yield `${name}: has ${texts.length} lines, and only the first ${MAX_RUNS} were read`;
  } catch (error) {
    yield messageOf(error);
  }
}

/** A report as people save it has many lines, the first of them `{` alone. */
function split(text: string): readonly string[] {
  const [first = ''] = text.split('\n', 1);
  return first.endsWith('}') ? text.split('\n').filter((line) => line !== '') : [text];
}

function read(text: string, name: string): Report | string {
  try {
    const report = readReport(text, name);
    return report.kind === 'test' ? testsWords().areTests(name) : report;
  } catch (error) {
    return messageOf(error);
  }
}
