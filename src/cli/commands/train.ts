import { join } from 'node:path';
import { splitText } from '../../data/text.ts';
import { messageOf } from '../../errors.ts';
import { parseJsonObject } from '../../formats/strict-json.ts';
import { Skip } from '../../harness/training/skip.ts';
import { type TrainingOutcome, type TrainingRequest, untrained } from '../../harness/training.ts';
import { writeReport } from '../../report/write.ts';
import { ADAPTER_FILES } from '../../train/adapter-files.ts';
import { DEFAULT_TRAINING } from '../../train/config.ts';
import type { TrainingTypeName } from '../../train/llama/config/types.ts';
import type { ModelFormName } from '../../train/llama/saved-model/forms.ts';
import type { TrainingPhase } from '../../train/progress.ts';
import { readSettings, type TrainingSettings } from '../../train/settings.ts';
import type { ShardingStrategy } from '../../train/sharded/strategies.ts';
import { EnterKey } from '../enter-key.ts';
import { exitOfReport, InterruptedError, UsageError } from '../exit.ts';
import { checkFolder, checkOutputs, makeFolder, readInput, writeOutput } from '../files.ts';
import { Interrupt } from '../interrupt.ts';
import { showTraining, showTrainingAnswer } from '../output/training.ts';
import { type Voice, voiceOn } from '../output/voice.ts';
import { planCases } from '../plan-cases.ts';
import { takeProfile } from '../profile-file.ts';
import { openRuntime, type RuntimeName } from '../runtime/open.ts';
import { PAGE_FOLDER } from '../server.ts';
import { readTuning, rowsFor, type Tuning } from '../tuning.ts';

/** What the report is called beside an adapter. */
const REPORT = 'report.json';

/** What `gradproof train` understands. */
export interface TrainOptions {
  readonly data: string;
  /** A folder of Hugging Face's; without one the byte model is trained. */
  readonly model: string;
  /** The folder of an adapter to go on from. */
  readonly adapter: string;
  readonly type: TrainingTypeName;
  readonly runtime: RuntimeName;
  /** Who computes: the engine, or the records in float64. */
  readonly backend: 'webgpu' | 'reference';
  /** How parameters are updated, as JSON. */
  readonly config: string;
  readonly steps: number;
  readonly seed: number;
  /** How many workers train together. */
  readonly workers: number;
  readonly sharding: ShardingStrategy;
  /** What `out` gets of a model. */
  readonly save: ModelFormName | 'adapter';
  readonly out: string;
  /** Steps between two checkpoints. */
  readonly checkpointEvery: number;
  /** How many of the last checkpoints stay. */
  readonly keep: number;
  /** The folder of a run to go on with. */
  readonly resume: string;
  readonly report: string;
  /** Where a trace of the dispatches goes. */
  readonly profile: string;
  /** Where the log is sent, besides its file in `out`. */
  readonly logTo: string;
  /** By which table variants are chosen: a name, or a report. */
  readonly tuning: string;
}

/** Fine-tunes on a text and saves adapter and report; returns the exit status. */
export async function trainCommand({
  data,
  type = 'qlora',
  adapter,
  runtime = 'chromium',
  config,
  steps,
  seed,
  workers,
  sharding,
  save,
  out,
  report: target,
  profile,
  logTo,
  tuning,
  checkpointEvery,
  keep,
}: Partial<TrainOptions>): Promise<number> {
  if (type !== 'qlora') throw new UsageError(`--type ${type}: give --model, the folder of a model`);
  if (workers !== undefined || sharding !== undefined)
    throw new UsageError(
      `${workers === undefined ? '--sharding' : '--workers'}: give --model, whose runs workers share`,
    );
  if (adapter !== undefined)
    throw new UsageError(`--adapter ${adapter}: give --model, the folder of its model`);
  if (save !== undefined && save !== 'adapter')
    throw new UsageError(`--save ${save}: give --model, the folder of a model`);
  if (checkpointEvery !== undefined)
    throw new UsageError(`--checkpoint-every ${checkpointEvery}: give --model, whose runs go on`);
  if (keep !== undefined) throw new UsageError(`--keep ${keep}: give --model, whose runs go on`);
  if (logTo !== undefined)
    throw new UsageError(`--log-to ${logTo}: give --model, whose runs have a log`);
  if (steps === 0) throw new UsageError('--steps 0: give --model and --adapter, which is merged');
  const voice = voiceOn(target === '-' ? process.stderr : process.stdout);
  const request: TrainingRequest = {
    text:
      data === undefined
        ? readInput('text', join(PAGE_FOLDER, 'corpus.txt'))
        : readInput('--data', data),
    steps: steps ?? DEFAULT_TRAINING.steps,
    seed: seed ?? DEFAULT_TRAINING.seed,
    ...(config === undefined ? {} : { settings: settingsIn(config) }),
    profile: profile !== undefined,
  };
  // Wrong use shows before a browser starts.
  try {
    splitText(request.text, DEFAULT_TRAINING.heldoutFraction);
  } catch (error) {
    throw new UsageError(`--data ${data}: ${messageOf(error)}`);
  }
  const table = await readTuning(tuning);
  const inputs = { '--data': data, '--config': config, '--tuning': tuning };
  checkOutputs({ '--report': target, '--profile': profile }, inputs);
  if (out) {
    const names = [...Object.values(ADAPTER_FILES), REPORT];
    checkFolder('--out', { path: out, names }, inputs);
    makeFolder('--out', out);
  }
  using interrupt = new Interrupt();
  const { report, files: all } = await trainIn(runtime, voice, request, table, interrupt.signal);
  showTrainingAnswer(voice, report);
  if (target) writeOutput('--report', target, writeReport(report));
  const files = takeProfile(profile, all, voice);
  if (out) {
    for (const { name, data: bytes } of files) writeOutput('--out', join(out, name), bytes);
    writeOutput('--out', join(out, REPORT), writeReport(report));
    voice.say(`In ${out}: ${[...files.map(({ name }) => name), REPORT].join(', ')}`);
  }
  return exitOfReport(report, interrupt.signal.aborted);
}

function settingsIn(path: string): TrainingSettings {
  const text = new TextDecoder().decode(readInput('--config', path));
  try {
    return readSettings(parseJsonObject(text, 'the file'), DEFAULT_TRAINING);
  } catch (error) {
    throw new UsageError(`--config ${path}: ${messageOf(error)}`);
  }
}

/**
 * Opens the runtime and trains in it; when `signal` aborts before it is there, the report has no
 * result.
 */
async function trainIn(
  name: RuntimeName,
  voice: Voice,
  request: TrainingRequest,
  table: Tuning,
  signal: AbortSignal,
): Promise<TrainingOutcome> {
  try {
    await using runtime = await openRuntime(name, voice.say, signal);
    voice.say(`fine-tuning on ${runtime.adapter}`);
    using enter = new EnterKey(process.stdin);
    const skip = new Skip();
    const offerSkip = (phase: TrainingPhase | undefined) => {
      enter.onPress(phase && (() => skip.rest(phase)));
      return phase && enter.isThere ? ' (Enter skips it)' : '';
    };
    const tuned = await rowsFor(table, runtime, signal, 'measured-for-training');
    return await runtime.train({ ...request, tuned }, showTraining(voice, offerSkip), signal, skip);
  } catch (error) {
    if (error instanceof InterruptedError) return untrained({ cases: await planCases() }, request);
    throw error;
  }
}
