import { join } from 'node:path';
import { suggestedBatch } from '../../backends/manager/limits.ts';
import { ReferenceTuning } from '../../harness/tuning/on-reference.ts';
import { counted } from '../../report/counted.ts';
import type { OutputFile } from '../../train/adapter-files.ts';
import { EXIT, UsageFaults } from '../exit.ts';
import { makeFolder, writeOutput } from '../files.ts';
import { Interrupt } from '../interrupt.ts';
import { voiceOn } from '../output/voice.ts';
import { folderAt } from '../train-model/folder-at.ts';
import { requestOf } from '../train-model/read-request.ts';
import type { TrainOptions } from './train.ts';

/** What needs a device, or a run that is kept. */
const OF_DEVICES = [
  ...(['adapter', 'runtime', 'workers', 'sharding', 'save', 'checkpointEvery', 'keep'] as const),
  ...(['resume', 'report', 'profile', 'logTo', 'tuning'] as const),
] satisfies readonly (keyof TrainOptions)[];

/**
 * Fine-tunes the model of a folder on the reference, in float64 and without WebGPU, and saves what was
 * trained; returns the exit status.
 */
export async function trainOnReferenceCommand(
  model: string,
  options: Partial<TrainOptions>,
): Promise<number> {
  const given = OF_DEVICES.filter((name) => options[name] !== undefined);
  if (given.length > 0)
    throw new UsageFaults(
      given.map((name) => `--${kebab(name)}: --backend reference has no such thing: leave it out`),
    );
  const { out, backend: _, ...rest } = options;
  const voice = voiceOn(process.stdout);
  const request = await requestOf(model, rest, voice.say);
  const tuning = await ReferenceTuning.open(request, folderAt);
  if (out) makeFolder('--out', out);
  const { config, steps } = request;
  voice.say(
    `fine-tuning ${model} by ${config.type} on the reference: float64 on one core of the processor, without WebGPU, for ${counted(steps, 'step')}`,
  );
  const batch = suggestedBatch('reference', config.length);
  if (config.batchSize > batch)
    voice.say(
      `batches of ${batch} texts of this length are meant for it, and not ${config.batchSize}`,
    );
  using interrupt = new Interrupt();
  const running = tuning.run(interrupt.signal);
  for (;;) {
    const next = await running.next();
    if (next.done) {
      if (out) save(out, next.value, voice.say);
      return interrupt.signal.aborted ? EXIT.interrupted : EXIT.ok;
    }
    const { step, loss, gradNorm, learningRate } = next.value;
    voice.say(
      `step ${step}: loss ${loss.toFixed(4)}, norm ${gradNorm.toPrecision(3)}, rate ${learningRate.toPrecision(3)}`,
    );
  }
}

function save(out: string, files: readonly OutputFile[], say: (line: string) => void): void {
  for (const { name, data } of files) writeOutput('--out', join(out, name), data);
  say(`In ${out}: ${files.map(({ name }) => name).join(', ')}`);
}

const kebab = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
