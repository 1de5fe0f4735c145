import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GradproofError } from '../../errors.ts';
import { logLines, logRow } from '../../harness/tuning/log.ts';
import { writeReport } from '../../report/write.ts';
import { exitOfReport, UsageError } from '../exit.ts';
import { checkWritable, makeFolder, writeOutput } from '../files.ts';
import { Interrupt } from '../interrupt.ts';
import { isAddress } from '../model-address/address.ts';
import { type AddressModel, openAddress } from '../model-address/address-model.ts';
import { showTuning, showTuningAnswer } from '../output/tuning.ts';
import { voiceOn } from '../output/voice.ts';
import { openRuntime } from '../runtime/open.ts';
import { requestOf } from '../train-model/read-request.ts';
import { readTuning, rowsFor } from '../tuning.ts';
import type { TrainOptions } from './train.ts';

/** Fine-tunes the model of a folder and saves what was trained; returns the exit status. */
export async function trainModelCommand(
  model: string,
  options: Partial<TrainOptions>,
): Promise<number> {
  const { out, report: target, tuning, runtime: name = 'node' } = options;
  const voice = voiceOn(target === '-' ? process.stderr : process.stdout);
  const remote = isAddress(model) ? await opened(model) : undefined;
  const request = await requestOf(model, options, remote);
  const { save } = request;
  const table = await readTuning(tuning);
  if (target) checkWritable('--report', target);
  if (out) makeFolder('--out', out);
  const log = out && request.steps > 0 ? join(out, 'log.jsonl') : undefined;
  if (log) writeFileSync(log, '');
  const origin = await remote?.keep(voice);
  using interrupt = new Interrupt();
  await using runtime = await openRuntime(name, voice.say, interrupt.signal);
  voice.say(
    request.steps === 0
      ? `merging ${options.adapter} into ${model} on ${runtime.adapter}`
      : `fine-tuning ${model} by ${request.config.type} on ${runtime.adapter}`,
  );
  const tuned = await rowsFor(table, runtime, interrupt.signal, 'measured-for-training');
  const show = showTuning(voice);
  const written: string[] = [];
  const { report, files } = await runtime.tune(
    { ...request, tuned },
    (event) => {
      const row = logRow(event);
      if (log && row) appendFileSync(log, logLines([row]));
      if (event.type === 'written') written.push(...event.files);
      show(event);
    },
    interrupt.signal,
  );
  showTuningAnswer(voice, report);
  if (target) writeOutput('--report', target, writeReport(report));
  if (out) {
    // Beside a model an adapter would be loaded in its place.
    const place = save && request.config.adapter ? 'adapter' : '';
    if (files.length > 0) makeFolder('--out', join(out, place));
    for (const { name: file, data } of files) {
      writeOutput('--out', join(out, place, file), data);
      written.push(join(place, file));
    }
    if (origin) {
      writeOutput('--out', join(out, 'model-origin.json'), `${JSON.stringify(origin, null, 2)}\n`);
      written.push('model-origin.json');
    }
    writeOutput('--out', join(out, 'report.json'), writeReport(report));
    voice.say(
      `In ${out}: ${[...written, 'report.json', ...(log ? ['log.jsonl'] : [])].join(', ')}`,
    );
  }
  return exitOfReport(report, interrupt.signal.aborted);
}

async function opened(model: string): Promise<AddressModel> {
  try {
    return await openAddress(model);
  } catch (error) {
    if (!(error instanceof GradproofError)) throw error;
    throw new UsageError(`--model ${model}: ${error.message}`);
  }
}
