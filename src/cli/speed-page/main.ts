import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../../errors.ts';
import { FormatError } from '../../formats/format-error.ts';
import { chipName } from '../../report/place.ts';
import { ROOT } from '../checkout.ts';
import { EXIT, exitOfError, UsageError } from '../exit.ts';
import { readInput, readReportFile, writeOutput } from '../files.ts';
import { readScaling, readTorchSteps } from './beside.ts';
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

const USE =
  'usage: node scripts/speed-page.mjs REPORT... [--torch STEPS.json] [--scaling SCALING.json]';

async function main(args: readonly string[]): Promise<number> {
  const { positionals: paths, values } = optionsOf(args);
  if (paths.length === 0) throw new UsageError(USE);
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
  const beside = {
    torch: besideFrom('--torch', values.torch, readTorchSteps),
    scaling: besideFrom('--scaling', values.scaling, readScaling),
  };
  writeOutput(PAGE, join(ROOT, PAGE), speedPage(reports, beside));
  return EXIT.ok;
}

function optionsOf(args: readonly string[]) {
  const options = { torch: { type: 'string' }, scaling: { type: 'string' } } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${messageOf(error)}: ${USE}`);
  }
}

function besideFrom<T>(
  option: string,
  path: string | undefined,
  read: (text: string) => T,
): T | undefined {
  if (path === undefined) return undefined;
  try {
    return read(new TextDecoder().decode(readInput(option, path)));
  } catch (error) {
    if (error instanceof FormatError) throw new UsageError(`${option} ${path}: ${error.message}`);
    throw error;
  }
}
