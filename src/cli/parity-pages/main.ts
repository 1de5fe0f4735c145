import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../../errors.ts';
import { readParityIndex } from '../../formats/parity-index.ts';
import { ROOT } from '../checkout.ts';
import { EXIT, exitOfError, UsageError } from '../exit.ts';
import { readInput, readReportFile, writeOutput } from '../files.ts';
import { opinfoPage } from './opinfo.ts';
import { readOpInfoSummary } from './opinfo-summary.ts';
import { worthPage } from './worth.ts';

const WORTH = 'docs/parity.md';
const OPINFO = 'docs/opinfo.md';
const SAMPLES = join(ROOT, 'public/parity/opinfo');
const USAGE = 'node scripts/parity-pages.mjs worth REPORT [--check], or opinfo FOLDER REPORT';

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const status = exitOfError(error);
  if (status === undefined) throw error;
  process.stderr.write(`gradproof: ${messageOf(error)}\n`);
  process.exitCode = status;
}

async function main(args: string[]): Promise<number> {
  const [page, ...paths] = args;
  if (page === 'opinfo' && paths.length === 2)
    return writeOpInfo(paths[0] as string, paths[1] as string);
  const { positionals, values } = parseArgs({
    args: paths,
    allowPositionals: true,
    options: { check: { type: 'boolean', default: false } },
  });
  const [report, ...more] = positionals;
  if (page !== 'worth' || !report || more.length > 0) throw new UsageError(`usage: ${USAGE}`);
  return values.check ? checkWorth(report) : writeWorth(report);
}

async function writeOpInfo(folder: string, report: string): Promise<number> {
  const { results } = await readReportFile(report);
  const summary = readOpInfoSummary(textOf('OPINFO.json', join(folder, 'OPINFO.json')));
  write(OPINFO, opinfoPage(summary, indexOf(folder), results));
  return EXIT.ok;
}

async function writeWorth(report: string): Promise<number> {
  write(WORTH, await worthOf(report));
  return EXIT.ok;
}

async function checkWorth(report: string): Promise<number> {
  if ((await worthOf(report)) === current(WORTH)) return EXIT.ok;
  process.stdout.write(
    `${WORTH} is not current: npm start -- --runtime node --parity public/parity --report REPORT,\n` +
      'then node scripts/parity-pages.mjs worth REPORT\n',
  );
  return EXIT.failed;
}

async function worthOf(report: string): Promise<string> {
  const { results } = await readReportFile(report);
  return worthPage(results, indexOf(SAMPLES), current(WORTH));
}

function indexOf(folder: string) {
  return readParityIndex(textOf('INDEX.json', join(folder, 'INDEX.json')));
}

function textOf(what: string, path: string): string {
  return new TextDecoder().decode(readInput(what, path));
}

function current(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

function write(page: string, text: string): void {
  writeOutput(page, join(ROOT, page), text);
}
