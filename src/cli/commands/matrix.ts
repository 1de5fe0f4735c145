import { bridgeName } from '../../backends/bridge/name.ts';
import type { ForeignOutcome } from '../../bench/matrix/request.ts';
import { messageOf } from '../../errors.ts';
import { filterOf } from '../../harness/filter.ts';
import { type Absence, allColumns } from '../../harness/matrix/cells.ts';
import { executeMatrix } from '../../harness/matrix.ts';
import { methods } from '../../quantizer/registry.ts';
import { toCsv } from '../../report/csv.ts';
import { DEFAULT_RUN_OPTIONS } from '../../report/run-options.ts';
import type { Report } from '../../report/schema.ts';
import { countVerdicts } from '../../report/verdict.ts';
import { writeReport } from '../../report/write.ts';
import { peersFor } from '../bench/peers.ts';
import { liveOf, type RunningBridge, startBridge } from '../bridge.ts';
import { EXIT, UsageError } from '../exit.ts';
import { checkOutputs, writeOutputs } from '../files.ts';
import { Interrupt } from '../interrupt.ts';
import { showMatrix } from '../output/matrix.ts';
import { showProgress } from '../output/progress.ts';
import { type Voice, voiceOn } from '../output/voice.ts';
import { planCases } from '../plan-cases.ts';
import { openRuntime, type RuntimeName } from '../runtime/open.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { PAGE_ADDRESS } from '../server.ts';
import { shippedBundles } from '../shipped-bundles.ts';

/** What `gradproof matrix` understands. */
export interface MatrixCommand {
  /** Globs over methods. */
  readonly methods: readonly string[];
  /** Globs over columns. */
  readonly backends: readonly string[];
  readonly bridge: boolean;
  readonly runtime: RuntimeName;
  readonly seed: number;
  readonly report: string;
  readonly csv: string;
}

/** Executes the cells that were asked for; returns the exit status. */
export async function matrixCommand(given: Partial<MatrixCommand>): Promise<number> {
  const { report: target, csv, runtime: name = 'chromium' } = given;
  const voice = voiceOn(target === '-' || csv === '-' ? process.stderr : process.stdout);
  // Wrong use shows before a browser starts.
  const wanted = matching('--methods', [...methods.keys()], given.methods);
  if (!given.bridge) matching('--backends', allColumns([]), given.backends);
  checkOutputs({ '--report': target, '--csv': csv });
  using interrupt = new Interrupt();
  const { signal } = interrupt;
  await using runtime = await openRuntime(name, voice.say, signal);
  voice.say(`executing on ${runtime.adapter}`);
  await using bridge = given.bridge ? await bridgeFor(runtime, voice) : undefined;
  const live = bridge && (await liveOf(bridge, [], signal));
  const bridges = live?.links.map(({ device }) => bridgeName(device)) ?? [];
  const columns = matching('--backends', allColumns(bridges), given.backends);
  const place = { runtime, voice, signal, seed: given.seed ?? DEFAULT_RUN_OPTIONS.seed };
  const { report, cells } = await executeMatrix(
    { methods: wanted, columns },
    {
      ...{ cases: await planCases(), seed: place.seed, live, signal },
      recordings: shippedBundles,
      run: (request) => runtime.run(request, showProgress(voice, false), signal),
      foreign: () => foreignIn(wanted, place),
    },
  );
  showMatrix(voice, { methods: wanted, columns }, cells, report);
  if ((target || csv) && report.environments.length === 0)
    throw new UsageError(
      `--backends ${columns.join(' ')}: nothing was executed, so there is no report: the table says why; webgpu-f32 is always there`,
    );
  await writeOutputs([
    { option: '--report', path: target, data: () => writeReport(report) },
    { option: '--csv', path: csv, data: () => toCsv(report) },
  ]);
  return exitOfMatrix(report, signal.aborted);
}

/** Names that globs leave. Throws UsageError where that is none. */
function matching(
  option: string,
  names: readonly string[],
  globs: readonly string[] = [],
): readonly string[] {
  const found = names.filter(filterOf(globs));
  if (found.length > 0) return found;
  const hint = option === '--backends' ? '; devices of a bridge need --bridge' : '';
  throw new UsageError(
    `${option} ${globs.join(' ')}: none matches: there are ${names.join(', ')}${hint}`,
  );
}

async function bridgeFor(runtime: Runtime, voice: Voice): Promise<RunningBridge> {
  const bridge = await startBridge(runtime.page?.url ?? PAGE_ADDRESS, (how) =>
    voice.say(`the bridge ended: ${how}`),
  );
  runtime.page?.allow(bridge.origin);
  return bridge;
}

interface Place {
  readonly runtime: Runtime;
  readonly voice: Voice;
  readonly signal: AbortSignal;
  readonly seed: number;
}

/** What other libraries gave, or why there is nothing of them. */
async function foreignIn(
  names: readonly string[],
  { runtime, voice, signal, seed }: Place,
): Promise<ForeignOutcome | Absence> {
  if (!runtime.foreign)
    return { code: 'missing-browser', message: 'it needs a browser: leave --runtime node out' };
  const { peers } = peersFor('chromium', undefined);
  if (!peers.includes('ort'))
    return { code: 'missing-library', message: 'not installed: npm run bench:setup' };
  try {
    const request = { methods: names, seed, peers: ['ort'] };
    const { versions, ...outcome } = await runtime.foreign(request, () => {}, signal);
    const told = Object.entries(versions).map(([backend, version]) => `${backend} ${version}`);
    voice.say(`beside it ONNX Runtime Web: ${told.join(', ')}`);
    return { versions, ...outcome };
  } catch (error) {
    return { code: 'library-failed', message: messageOf(error).split('\n')[0] ?? '' };
  }
}

/**
 * The status that a matrix deserves: one of our cells that is wrong fails it, and so does one where
 * no cell is right; what another library gets wrong does not.
 */
function exitOfMatrix({ results }: Report, interrupted: boolean): number {
  if (interrupted) return EXIT.interrupted;
  const { right, wrong } = countVerdicts(results.filter(isOurs));
  return right > 0 && wrong === 0 ? EXIT.ok : EXIT.failed;
}

const isOurs = ({ status, fault }: Report['results'][number]) =>
  status === 'pass' || fault !== 'producer';
