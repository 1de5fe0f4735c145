import { join } from 'node:path';
import { GradproofError } from '../../errors.ts';
import { isAddress } from '../../formats/hugging-face/model-address.ts';
import { UnusableError } from '../../harness/runner.ts';
import type { TuningRequest } from '../../harness/tuning.ts';
import type { Report } from '../../report/schema.ts';
import { writeReport } from '../../report/write.ts';
import {
  ggufName,
  MODEL_FORMS,
  type ModelForm,
  type ModelFormName,
} from '../../train/llama/saved-model/forms.ts';
import { PROGRAM } from '../checkout.ts';
import { EXIT, exitOfReport, UsageError } from '../exit.ts';
import { checkFolder, checkOutputs, makeFolder, writeOutput, writeOutputs } from '../files.ts';
import { Interrupt } from '../interrupt.ts';
import { type AddressModel, openAddress } from '../model-address/address-model.ts';
import { Asking } from '../model-address/asking.ts';
import { showTuning, showTuningAnswer } from '../output/tuning.ts';
import { sayBetween, type Voice, voiceOn } from '../output/voice.ts';
import { takeProfile } from '../profile-file.ts';
import { openRuntime } from '../runtime/open.ts';
import { keepRun } from '../train-model/kept-run.ts';
import { LogFile } from '../train-model/log-file.ts';
import { streamTo } from '../train-model/log-to.ts';
import { dataInput } from '../train-model/named-in.ts';
import { requestOf } from '../train-model/read-request.ts';
import type { Resumed } from '../train-model/resumed-options.ts';
import { RunFolder } from '../train-model/run-folder.ts';
import { ADAPTER_FOLDER } from '../train-model/saving.ts';
import { readTuning, rowsFor } from '../tuning.ts';
import type { TrainOptions } from './train.ts';

const REPORT = 'report.json';
const LOG = 'log.jsonl';
const ORIGIN = 'model-origin.json';

/** What a run writes that texts or a model of one file may be called too. */
function namesIn(form: ModelFormName | undefined): readonly string[] {
  const saved: ModelForm | undefined = form && MODEL_FORMS[form];
  return [REPORT, LOG, ORIGIN, ...(saved?.kind === 'gguf' ? [ggufName(saved.type)] : [])];
}

/**
 * Fine-tunes the model of a folder and saves what was trained, by which `base` is what it calls the
 * model; returns the exit status. A run that is gone on with has the table that it was begun with.
 */
export async function trainModelCommand(
  model: string,
  options: Partial<TrainOptions>,
  begun: Pick<Resumed, 'base' | 'tuning'> = { base: model },
): Promise<number> {
  const { out, report: target, profile, logTo, tuning, runtime: name = 'node' } = options;
  const voice = voiceOn(target === '-' ? process.stderr : process.stdout);
  using asking = isAddress(model) ? new Asking(model) : undefined;
  const remote = await asking?.during(opened(model, voice, asking));
  const read: string[] = [];
  const reading = requestOf(model, options, (line) => read.push(line), remote);
  const request = { ...(await (asking ? asking.during(reading) : reading)), base: begun.base };
  const { save } = request;
  const table = begun.tuning ?? (await readTuning(tuning));
  const { config, adapter } = options;
  const inputs = {
    ...{ '--model': model, '--config': config, ...dataInput(options) },
    ...{ '--adapter': adapter, '--tuning': tuning },
  };
  checkOutputs({ '--report': target, '--profile': profile }, inputs);
  if (out) checkFolder('--out', { path: out, names: namesIn(save?.form) }, inputs);
  using _place = out ? new RunFolder(out) : undefined;
  const origin = remote && (await asking?.during(remote.keep(voice)));
  asking?.[Symbol.dispose](); // what follows ends otherwise
  using kept =
    out && request.steps > 0 ? await keepRun(out, { model, options, table }, request) : undefined;
  const checkpoints = kept?.checkpoints;
  const resumes = checkpoints?.resume === true;
  const log =
    out && request.steps > 0 ? new LogFile(join(out, LOG), !resumes, sayBetween(voice)) : undefined;
  using interrupt = new Interrupt();
  await using runtime = await openRuntime(name, voice.say, interrupt.signal).catch(withReference);
  // What was refused before has its own line alone.
  for (const line of read) voice.say(line);
  voice.say(
    request.steps === 0
      ? `merging ${options.adapter} into ${model} on ${runtime.adapter}`
      : `fine-tuning ${model} by ${request.config.type} on ${runtime.adapter}${sharedBy(request)}`,
  );
  if (options.resume !== undefined && !resumes)
    voice.say(`${out} has no checkpoint yet: the run begins anew`);
  const tuned = resumes
    ? undefined
    : await rowsFor(table, runtime, interrupt.signal, 'measured-for-training');
  if (tuned) kept?.begins(tuned);
  const show = showTuning(voice);
  const stream = logTo && log ? streamTo(logTo, request, { log: log.path, voice }) : undefined;
  const written: string[] = [];
  const { report, files: all } = await runtime.tune(
    { ...request, tuned, checkpoints, profile: profile !== undefined },
    (event) => {
      for (const row of log?.add(event) ?? []) {
        kept?.stays();
        stream?.add(row);
      }
      if (event.type === 'written') written.push(...event.files);
      show(event);
    },
    interrupt.signal,
  );
  const refused = refusedModel(report);
  if (refused !== undefined) {
    await stream?.end(EXIT.usage);
    throw new UsageError(`--model ${model}: ${refused}`);
  }
  kept?.stays();
  showTuningAnswer(voice, report);
  let status: number = EXIT.usage;
  let isCut = true;
  try {
    if (target) writeOutput('--report', target, writeReport(report));
    const files = takeProfile(profile, all, voice);
    if (out) {
      const below = save && request.config.adapter ? ADAPTER_FOLDER : '';
      if (files.length > 0) makeFolder('--out', join(out, below));
      const last = [
        ...files.map((file) => ({ ...file, name: join(below, file.name) })),
        ...(origin ? [{ name: ORIGIN, data: `${JSON.stringify(origin, null, 2)}\n` }] : []),
        { name: REPORT, data: writeReport(report) },
      ];
      await writeInto(out, last, log);
      const names = [...written, ...last.map(({ name: file }) => file), ...(log ? [LOG] : [])];
      voice.say(`In ${out}: ${names.join(', ')}`);
    }
    status = exitOfReport(report, interrupt.signal.aborted);
    isCut = !report.run.complete || report.results[0]?.status === 'lost';
  } finally {
    await stream?.end(status);
    if (kept && isCut) voice.say(`Go on with: ${PROGRAM} train --resume ${out}`);
  }
  return status;
}

/**
 * Writes the last files of a run and what its log lacks; what there is no room for keeps nothing else
 * from being written. Throws UsageError.
 */
async function writeInto(
  out: string,
  files: readonly { readonly name: string; readonly data: string | Uint8Array }[],
  log: LogFile | undefined,
): Promise<void> {
  try {
    log?.end();
  } finally {
    await writeOutputs(
      files.map(({ name, data }) => ({ option: '--out', path: join(out, name), data: () => data })),
    );
  }
}

/** Where nothing computes, the reference may: it is offered, and never taken by itself. */
function withReference(error: unknown): never {
  if (!(error instanceof UnusableError)) throw error;
  const words = `${error.message}; or train a small model without WebGPU, with --backend reference`;
  throw new UnusableError(error.code, words, { cause: error });
}

/** What is wrong with the weights, which shows when they are read; undefined where nothing is. */
function refusedModel({ results: [result] }: Report): string | undefined {
  return result?.error?.code === 'bad-checkpoint' ? result.error.message : undefined;
}

const sharedBy = ({ sharding }: TuningRequest): string =>
  sharding ? `, shared by ${sharding.workers} workers (${sharding.strategy})` : '';

async function opened(
  model: string,
  voice: Voice,
  { host, signal }: Asking,
): Promise<AddressModel> {
  voice.say(`asking ${host} for the files of the model`);
  try {
    return await openAddress(model, signal);
  } catch (error) {
    if (!(error instanceof GradproofError)) throw error;
    throw new UsageError(`--model ${model}: ${error.message}`);
  }
}
