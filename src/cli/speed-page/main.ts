import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { ROOT } from '../checkout.ts';
import { EXIT, exitOfError, UsageError } from '../exit.ts';
import { readReportFile, writeOutput } from '../files.ts';
import { speedPage } from './speed-page.ts';

const PAGE = 'docs/speed.md';

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const status = exitOfError(error);
  if (status === undefined) throw error;
  process.stderr.write(`gradproof: ${messageOf(error)}\n`);
  process.exitCode = status;
}

async function main([path, ...more]: readonly string[]): Promise<number> {
  if (!path || more.length > 0) throw new UsageError('usage: node scripts/speed-page.mjs REPORT');
  const report = await readReportFile(path);
  if (report.kind !== 'bench')
    throw new UsageError(`${path}: is a report of kind ${report.kind}, not of a bench`);
  writeOutput(PAGE, join(ROOT, PAGE), speedPage(report));
  return EXIT.ok;
}
