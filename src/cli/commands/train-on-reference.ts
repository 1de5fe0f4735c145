import { join } from 'node:path';
import { readHostModel } from '../../backends/manager/host-model.ts';
import { requireRecommended, suggestedBatch } from '../../backends/manager/limits.ts';
import { trainOnReference } from '../../backends/manager/train-on-reference.ts';
import { tensorShapes } from '../../formats/hugging-face/architecture.ts';
import type { HostTensors } from '../../tensor/host.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { OutputFile } from '../../train/adapter-files.ts';
import type { LlamaTrainingConfig } from '../../train/llama/config/read-training-config.ts';
import { savedAdapter } from '../../train/llama/saved-adapter.ts';
import { trainedWeights } from '../../train/llama/saved-weights.ts';
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
  const request = await requestOf(model, rest);
  const host = await readHostModel(await folderAt(request.folder));
  const parameters = [...tensorShapes(host.config).values()].reduce(
    (sum, shape) => sum + sizeOf(shape),
    0,
  );
  requireRecommended('reference', parameters);
  if (out) makeFolder('--out', out);
  const voice = voiceOn(process.stdout);
  const { config, texts, steps } = request;
  voice.say(
    `fine-tuning ${model} by ${config.type} on the reference: float64 on one core of the processor, without WebGPU, for ${steps} steps`,
  );
  const batch = suggestedBatch('reference', config.length);
  if (config.batchSize > batch)
    voice.say(
      `batches of ${batch} texts of this length are meant for it, and not ${config.batchSize}`,
    );
  using interrupt = new Interrupt();
  const running = trainOnReference(host, texts, config, interrupt.signal);
  for (;;) {
    const next = await running.next();
    if (next.done) {
      if (out) save(out, filesOf(next.value, config, model), voice.say);
      return interrupt.signal.aborted ? EXIT.interrupted : EXIT.ok;
    }
    const { step, loss, gradNorm, learningRate } = next.value;
    voice.say(
      `step ${step}: loss ${loss.toFixed(4)}, norm ${gradNorm.toPrecision(3)}, rate ${learningRate.toPrecision(3)}`,
    );
  }
}

const filesOf = (
  trained: HostTensors,
  { adapter }: LlamaTrainingConfig,
  base: string,
): readonly OutputFile[] =>
  adapter ? savedAdapter(trained, adapter, base) : trainedWeights(trained);

function save(out: string, files: readonly OutputFile[], say: (line: string) => void): void {
  for (const { name, data } of files) writeOutput('--out', join(out, name), data);
  say(`In ${out}: ${files.map(({ name }) => name).join(', ')}`);
}

const kebab = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
