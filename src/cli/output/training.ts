import type { TrainingEvent, TrainingListener } from '../../harness/training.ts';
import { counted } from '../../report/counted.ts';
import { plainText } from '../../report/plain-text.ts';
import { paint, type Voice } from './voice.ts';

/** Lines between two losses where no terminal redraws the last one. */
const STEPS_A_LINE = 25;

/**
 * Shows a fine-tuning while it goes on: the falling loss, the held-out loss, a sample before and
 * after, the verdict.
 */
export function showTraining(voice: Voice): TrainingListener {
  let open = false;
  const say = (line: string) => {
    if (open) voice.write('\n');
    open = false;
    voice.say(line);
  };
  return (event: TrainingEvent) => {
    switch (event.type) {
      case 'start':
        say(
          `${event.textBytes} bytes of text, ${counted(event.steps, 'step')}; ${event.trainable} weights train, ${event.frozen} stay frozen in 4 bits`,
        );
        return say(
          `needs about ${(event.bytesForecast / 2 ** 20).toFixed(1)} MiB on the GPU; guessing by byte counts would cost ${event.unigram.toFixed(3)} nats a byte`,
        );
      case 'step': {
        const line = `step ${event.step}: loss ${event.loss.toFixed(4)}, ${event.msPerStep.toFixed(0)} ms a step, about ${Math.ceil(event.remainingMs / 1000)} s left`;
        if (!voice.live) return event.step % STEPS_A_LINE === 0 ? say(line) : undefined;
        voice.write(`\r\x1b[K${line.slice(0, voice.columns() - 1)}`);
        open = true;
        return;
      }
      case 'heldout':
        return say(`step ${event.step}: held-out loss ${event.loss.toFixed(4)} nats a byte`);
      case 'sample':
        return say(plainText(`sample ${event.when}: ${JSON.stringify(event.prompt + event.text)}`));
      case 'judged':
        return say(
          `step ${event.step}: every op is within its bound, at most ${(100 * event.boundUsed).toPrecision(2)} % of it is used`,
        );
      case 'end': {
        const { status, error, fault, metrics = {} } = event.result;
        const losses = Object.entries(metrics).map(
          ([name, value]) => `${name} ${value?.toFixed(3) ?? 'none'}`,
        );
        if (losses.length > 0) say(losses.join(', '));
        if (status === 'pass') return say(paint(voice, 'green', 'Yes: fine-tuning works here.'));
        say(paint(voice, 'red', `No: ${error ? `${error.code}: ${error.message}` : status}`));
        return fault ? say(`Whose fault: ${fault}`) : undefined;
      }
    }
  };
}
