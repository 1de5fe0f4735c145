import type { TrainingEvent, TrainingListener } from '../../harness/training.ts';
import { counted } from '../../report/counted.ts';
import { plainText } from '../../report/plain-text.ts';
import type { Report } from '../../report/schema.ts';
import { type TrainingAnswer, trainingAnswer } from '../../report/training-answer.ts';
import type { TrainingPhase } from '../../train/progress.ts';
import { paint, type Voice } from './voice.ts';

/** Lines between two losses where no terminal redraws the last one. */
const STEPS_A_LINE = 25;

const PHASES: Readonly<Record<TrainingPhase, string>> = {
  preparing: 'preparing: the base in 4 bits is checked',
  learning: 'learning',
  sample: 'writing a sample',
  frozen: 'checking against a frozen copy',
  examining: 'finding out why: what may have gone wrong is repeated and examined, about a minute',
};

const PAINTS = {
  good: 'green',
  warn: 'yellow',
  bad: 'red',
  none: 'yellow',
} as const satisfies Record<TrainingAnswer['tone'], string>;

/**
 * Shows a fine-tuning while it goes on: the phase that it is in, the falling loss, the held-out
 * loss, a sample before and after. `offerSkip` takes what skips the phase, where it can be, says how
 * a person asks for that, and takes undefined once it is over.
 */
export function showTraining(
  voice: Voice,
  offerSkip: (phase: TrainingPhase | undefined) => string,
): TrainingListener {
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
          `${event.textBytes} bytes of text, ${counted(event.steps, 'step')}; ${event.trainable} parameters are trained, ${event.frozen} stay frozen in 4 bits`,
        );
        return say(
          `forecast: about ${(event.bytesForecast / 1e6).toFixed(1)} MB on the GPU; letter-frequency baseline: ${event.unigram.toFixed(3)} nats a byte`,
        );
      case 'phase':
        return say(`${PHASES[event.phase]}${offerSkip(event.skippable ? event.phase : undefined)}`);
      case 'step': {
        const speed =
          event.medianMs === undefined ? '' : `${event.medianMs.toFixed(0)} ms a step, `;
        const line = `step ${event.step}: loss ${event.loss.toFixed(4)}, ${speed}about ${Math.ceil(event.remainingMs / 1000)} s left to learn`;
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
      case 'end':
        offerSkip(undefined);
        if (open) voice.write('\n');
        open = false;
    }
  };
}

/** The answer of an ended fine-tuning, as the page gives it. */
export function showTrainingAnswer(voice: Voice, report: Report): void {
  const { tone, headline, sentences } = trainingAnswer(report);
  voice.say('');
  voice.say(paint(voice, PAINTS[tone], headline));
  for (const sentence of sentences) voice.say(plainText(sentence));
  const fault = report.results[0]?.fault;
  if (fault) voice.say(`Whose fault: ${fault}`);
}
