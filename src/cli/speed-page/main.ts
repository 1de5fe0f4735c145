import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { chipName } from '../../report/place.ts';
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

async function main(paths: readonly string[]): Promise<number> {
  if (paths.length === 0) throw new UsageError('usage: node scripts/speed-page.mjs REPORT...');
  const reports = await Promise.all(paths.map((path) => readReportFile(path)));
  const adapters = reports.map(({ kind, environments: [environment] }, i) => {
    if (kind !== 'bench')
      throw new UsageError(`${paths[i]}: is a report of kind ${kind}, not of a bench`);
    return environment && chipName(environment.adapter);
  });
  const other = adapters.findIndex((adapter) => adapter !== adapters[0]);
  if (other >= 0)
    throw new UsageError(
      `${paths[other]}: is of ${adapters[other]}, and ${paths[0]} of ${adapters[0]}: a page tells of one adapter`,
    );
  writeOutput(PAGE, join(ROOT, PAGE), speedPage(reports));
  return EXIT.ok;
}
