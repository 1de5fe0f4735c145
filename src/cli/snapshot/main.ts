import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../../errors.ts';
import { ShaderSources } from '../../harness/mutation/sources.ts';
import { counted } from '../../report/counted.ts';
import { CACHE_FOLDER, ROOT, readShaders } from '../checkout.ts';
import { mutateCommand } from '../commands/mutate.ts';
import { EXIT, exitOfError, UsageError } from '../exit.ts';
import { checkWritable, makeFolder, readReportFile, writeOutput } from '../files.ts';
import { Interrupt } from '../interrupt.ts';
import { showProgress } from '../output/progress.ts';
import { voiceOn } from '../output/voice.ts';
import { differences } from './compare.ts';
import { mutantsOfReport } from './mutants.ts';
import { readExcluded, readMoved, readSnapshot } from './read.ts';
import type { Snapshot } from './snapshot.ts';
import { takeSnapshot } from './take.ts';

const USAGE =
  'npm run snapshot -- OUT.json [--mutants | --mutants-from REPORT.json], or -- compare A.json B.json [--moved TABLE.json]';

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const status = exitOfError(error);
  if (status === undefined) throw error;
  process.stderr.write(`gradproof: ${messageOf(error)}\n`);
  process.exitCode = status;
}

async function main(args: string[]): Promise<number> {
  const { positionals, values } = parsed(args);
  const { moved, ...ofTaking } = values;
  const [first, before, after, ...more] = positionals;
  const isMeant =
    first === 'compare'
      ? after !== undefined && more.length === 0 && Object.keys(ofTaking).length === 0
      : before === undefined && moved === undefined && Object.keys(ofTaking).length < 2;
  if (!first || !isMeant) throw new UsageError(`usage: ${USAGE}`);
  return first === 'compare' && before && after
    ? compare(before, after, moved ?? join(ROOT, 'scripts/snapshot/moved.json'))
    : take(first, ofTaking);
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        moved: { type: 'string' },
        mutants: { type: 'boolean' },
        'mutants-from': { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(`${messageOf(error)}: usage: ${USAGE}`);
  }
}

async function take(
  target: string,
  { mutants = false, 'mutants-from': given }: { mutants?: boolean; 'mutants-from'?: string },
): Promise<number> {
  checkWritable('OUT.json', target);
  const file = given ?? (mutants ? await mutationReport() : undefined);
  const judged =
    file === undefined
      ? {}
      : { mutants: mutantsOfReport(await readReportFile(file), new ShaderSources(readShaders())) };
  using interrupt = new Interrupt();
  const voice = voiceOn(process.stderr);
  const snapshot: Snapshot = {
    ...(await takeSnapshot(
      join(ROOT, 'public/parity'),
      showProgress(voice, !voice.live),
      interrupt.signal,
    )),
    ...judged,
  };
  writeOutput('OUT.json', target, `${JSON.stringify(snapshot, null, 1)}\n`);
  return EXIT.ok;
}

/** Runs every mutant and returns the report's path. */
async function mutationReport(): Promise<string> {
  makeFolder('the cache', CACHE_FOLDER);
  const report = join(CACHE_FOLDER, 'snapshot-mutants.json');
  await mutateCommand({ report });
  return report;
}

function compare(before: string, after: string, moved: string): number {
  const lines = differences(readSnapshot(before), readSnapshot(after), {
    moved: readMoved(moved),
    excluded: readExcluded(join(ROOT, 'scripts/snapshot/excluded.json')),
  });
  const summary = lines.length === 0 ? 'no difference' : counted(lines.length, 'difference');
  process.stdout.write([...lines, summary, ''].join('\n'));
  return lines.length === 0 ? EXIT.ok : EXIT.failed;
}
