import { join } from 'node:path';
import { splitText } from '../../data/text.ts';
import { writeReport } from '../../harness/report/write.ts';
import type { TrainingRequest } from '../../harness/training.ts';
import { DEFAULT_TRAINING } from '../../train/config.ts';
import { exitOfReport } from '../exit.ts';
import { checkWritable, makeFolder, readInput, writeOutput } from '../files.ts';
import { Interrupt } from '../interrupt.ts';
import type { TrainCommand } from '../options.ts';
import { showTraining } from '../output/training.ts';
import { voiceOn } from '../output/voice.ts';
import { openRuntime } from '../runtime/open.ts';
import { PAGE_FOLDER } from '../server.ts';

/** Fine-tunes on a text and saves adapter and report; returns the exit status. */
export async function trainCommand({ data, steps, seed, out, report: target }: Partial<TrainCommand>): Promise<number> {
  const voice = voiceOn(target === '-' ? process.stderr : process.stdout);
  const request: TrainingRequest = {
    text: data === undefined ? readInput('text', join(PAGE_FOLDER, 'corpus.txt')) : readInput('--data', data),
    steps: steps ?? DEFAULT_TRAINING.steps,
    seed: seed ?? DEFAULT_TRAINING.seed,
  };
  splitText(request.text, DEFAULT_TRAINING.heldoutFraction); // wrong use shows before a browser starts
  if (target) checkWritable('--report', target);
  if (out) makeFolder('--out', out);
  using interrupt = new Interrupt();
  await using runtime = await openRuntime('chromium', voice.say, interrupt.signal);
  voice.say(`fine-tuning on ${runtime.adapter}`);
  const { report, files } = await runtime.train(request, showTraining(voice), interrupt.signal);
  if (target) writeOutput('--report', target, writeReport(report));
  if (out) {
    for (const { name, data: bytes } of files) writeOutput('--out', join(out, name), bytes);
    writeOutput('--out', join(out, 'report.json'), writeReport(report));
    voice.say(`In ${out}: ${[...files.map(({ name }) => name), 'report.json'].join(', ')}`);
  }
  return exitOfReport(report, interrupt.signal.aborted);
}
