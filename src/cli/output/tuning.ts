import { toldHappening } from '../../harness/tuning/told-happening.ts';
import type { TuningEvent } from '../../harness/tuning.ts';
import { counted } from '../../report/counted.ts';
import { plainText } from '../../report/plain-text.ts';
import type { Report } from '../../report/schema.ts';
import type { Happened } from '../../train/llama/progress.ts';
import { paint, type Voice } from './voice.ts';

/** Lines between two steps where no terminal redraws the last one. */
const STEPS_A_LINE = 10;

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** Shows a fine-tuning of a folder while it goes on. */
export function showTuning(voice: Voice): (event: TuningEvent) => void {
  let open = false;
  let total: number | undefined;
  const say = (line: string) => {
    if (open) voice.write('\n');
    open = false;
    voice.say(line);
  };
  return (event) => {
    switch (event.type) {
      case 'loaded':
        return say(
          `the model is loaded: ${megabytes(event.bytes)} on the GPU, ${megabytes(event.peakBytes)} at most meanwhile`,
        );
      case 'start': {
        const { steps, trainable, frozen, trainingRows, heldoutRows, bytesForecast } = event;
        total = steps;
        say(
          `${counted(steps, 'step')} on ${counted(trainingRows, 'text')}, ${heldoutRows} held out; ${trainable} parameters are trained, ${frozen} stay frozen`,
        );
        say(`forecast: at most about ${megabytes(bytesForecast)} on the GPU`);
        return event.unjudged === undefined
          ? undefined
          : say(`no step is judged: ${event.unjudged}`);
      }
      case 'step': {
        const norm = event.gradNorm === undefined ? '' : `, norm ${event.gradNorm.toPrecision(3)}`;
        const rate =
          event.learningRate === undefined ? '' : `, rate ${event.learningRate.toPrecision(3)}`;
        const line = `step ${event.step}: loss ${event.loss.toFixed(4)}${norm}${rate}, ${event.tokensPerSecond.toFixed(0)} tokens a second, ${megabytes(event.bytes)}${moved(event.transferredBytes)}${ofWorkers(event.peakBytesOfWorkers)}`;
        if (!voice.live) return event.step % STEPS_A_LINE === 0 ? say(line) : undefined;
        voice.write(`\r\x1b[K${line.slice(0, voice.columns() - 1)}`);
        open = true;
        return;
      }
      case 'resumed-from': {
        for (const line of event.broken) say(`a checkpoint is left out: ${line}`);
        if (event.step === total) return say(`the run has ended after ${counted(total, 'step')}`);
        const last = event.history.at(-1);
        return last && 'at' in last ? say(told(last)) : say(`it goes on after step ${event.step}`);
      }
      case 'skipped':
      case 'lost':
      case 'checkpoint-failed':
        return say(told(event));
      case 'heldout':
        return say(`step ${event.step}: held-out loss ${event.loss.toFixed(4)} nats a token`);
      case 'judged':
        return say(
          `step ${event.step}: every op is within its bound, at most ${(100 * event.boundUsed).toPrecision(2)} % of it is used`,
        );
      case 'written':
        return say(savedWords(event));
      case 'end':
        if (open) voice.write('\n');
        open = false;
    }
  };
}

/** A checkpoint from elsewhere may have any text in its history. */
const told = (happened: Happened): string =>
  plainText(
    happened.type === 'restored'
      ? toldHappening(happened)
      : `step ${happened.step}: ${toldHappening(happened)}`,
  );

const moved = (bytes: number | undefined): string =>
  bytes === undefined ? '' : `, ${megabytes(bytes)} moved`;

const ofWorkers = (peaks: readonly number[] | undefined): string =>
  peaks ? `, at most ${peaks.map(megabytes).join(', ')} at the workers` : '';

/** What became of weights that were merged and saved. */
function savedWords({
  stored,
  merged,
  error,
}: Extract<TuningEvent, { readonly type: 'written' }>): string {
  if (!error) return `the model is saved in ${stored}`;
  const share = (x: number) =>
    x < 1 ? `${(100 * x).toPrecision(2)} % of` : `${Number(x.toPrecision(2))} times`;
  return `the adapters of ${counted(merged, 'linear')} are merged: in ${stored} the weights are off by ${share(error.ofWeights)} their size (root mean square), which is ${share(error.ofChange)} what the adapters change`;
}

/** How a fine-tuning of a folder ended. */
export function showTuningAnswer(
  voice: Voice,
  { results: [result], run: { complete } }: Pick<Report, 'results' | 'run'>,
): void {
  if (!result) return;
  const { status, metrics = {}, series = {}, error, skip } = result;
  const steps = series['loss']?.length ?? 0;
  const { heldoutBefore, heldoutAfter, checkpointShare } = metrics;
  voice.say('');
  if (status === 'pass')
    voice.say(
      paint(
        voice,
        complete ? 'green' : 'yellow',
        complete
          ? steps > 0
            ? `Fine-tuned in ${counted(steps, 'step')}.`
            : 'Merged.'
          : `Stopped after step ${steps}.`,
      ),
    );
  else if (status === 'skip') voice.say(plainText(`Nothing is proved: ${skip?.detail}`));
  else voice.say(paint(voice, 'red', plainText(`It went wrong: ${error?.message}`, 1000)));
  if (heldoutBefore != null && heldoutAfter != null)
    voice.say(
      `The held-out loss went from ${heldoutBefore.toFixed(4)} to ${heldoutAfter.toFixed(4)} nats a token.`,
    );
  if (checkpointShare != null)
    voice.say(`Checkpoints took ${(100 * checkpointShare).toPrecision(2)} % of the time.`);
}
