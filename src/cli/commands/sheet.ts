import { totalmem } from 'node:os';
import { messageOf } from '../../errors.ts';
import type { Architecture } from '../../formats/hugging-face/architecture.ts';
import { readModelConfig } from '../../formats/hugging-face/config.ts';
import { UnusableError } from '../../harness/runner.ts';
import type { SheetOptions } from '../../harness/sheet-options.ts';
import { toCsv } from '../../report/table.ts';
import { sheetTable } from '../../sheet/columns.ts';
import { type MemoryFacts, memoryFacts } from '../../sheet/room.ts';
import { DEFAULT_SETUP } from '../../sheet/setup.ts';
import { sheetOf } from '../../sheet/sheet.ts';
import { measuredSpeed, type Speed } from '../../sheet/speed.ts';
import { EXIT, UsageError } from '../exit.ts';
import { checkOutputs, readInput, readReportFile, writeOutput } from '../files.ts';
import { OWN, showSheet } from '../output/sheet.ts';
import { voiceOn } from '../output/voice.ts';
import { chosenByOptions } from '../quantizer-options.ts';
import { findNodeHost } from '../runtime/node.ts';

/** What `gradproof sheet` understands. */
export interface SheetCommandOptions extends SheetOptions {
  readonly config: string;
  /** A report that timed ops. */
  readonly speed: string;
  readonly csv: string;
}

/** Prints what models take to be fine-tuned; returns the exit status. */
export async function sheetCommand(given: Partial<SheetCommandOptions>): Promise<number> {
  const { config, speed: timed, csv, memory: told, ...asked } = given;
  const setup = { ...DEFAULT_SETUP, ...asked };
  const voice = voiceOn(csv === '-' ? process.stderr : process.stdout);
  // Wrong use shows before an adapter is asked for.
  const own = config === undefined ? undefined : modelIn(config);
  const speed = timed === undefined ? undefined : await speedIn(timed);
  checkOutputs({ '--csv': csv }, { '--config': config, '--speed': timed });
  chosenByOptions(() => sheetOf(setup, { memory: {} }));
  const here = await limitsHere();
  const memory: MemoryFacts = { ...memoryFacts(here.limits, undefined, told), device: totalmem() };
  const rows = sheetOf(setup, { memory, speed }, own);
  showSheet(voice, rows, { setup, memory, speed, adapter: here.adapter });
  if (csv !== undefined) writeOutput('--csv', csv, toCsv(sheetTable(rows, OWN)));
  return EXIT.ok;
}

function modelIn(path: string): Architecture {
  const bytes = readInput('--config', path);
  try {
    return readModelConfig(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new UsageError(`--config ${path}: ${messageOf(error)}`);
  }
}

async function speedIn(path: string): Promise<Speed> {
  const speed = measuredSpeed((await readReportFile(path)).results);
  if (speed) return speed;
  throw new UsageError(
    `--speed ${path}: times no 4-bit product: make it with --tier full --filter 'speed.*' --report FILE`,
  );
}

/** The adapter's limits; without one memory is told all the same. */
async function limitsHere() {
  try {
    const { adapter, limits } = await findNodeHost();
    return { adapter, limits };
  } catch (error) {
    if (!(error instanceof UnusableError)) throw error;
    return { adapter: undefined, limits: {} };
  }
}
