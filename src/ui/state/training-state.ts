import type { CaseResult, Report } from '../../harness/report/schema.ts';
import type { TrainingEvent, TrainingOutcome } from '../../harness/training.ts';
import { bytesWords, plural } from './words.ts';

/** A point of a loss curve: after so many steps, in nats per byte. */
export interface LossPoint {
  readonly step: number;
  readonly loss: number;
}

/** A fine-tuning run as the page shows it. */
export interface TrainingState {
  readonly phase: 'idle' | 'starting' | 'running' | 'stopping' | 'ended' | 'failed';
  readonly start?: Extract<TrainingEvent, { type: 'start' }>;
  readonly losses: readonly LossPoint[];
  readonly heldout: readonly LossPoint[];
  readonly before?: string;
  readonly after?: string;
  readonly prompt?: string;
  readonly msPerStep?: number;
  readonly remainingMs?: number;
  /** Steps whose every number was judged, with the largest share of its bound. */
  readonly judged: readonly { readonly step: number; readonly boundUsed: number }[];
  readonly report?: Report;
  readonly files: TrainingOutcome['files'];
  readonly problem?: string;
}

/** Before a training run. */
export const UNTRAINED: TrainingState = { phase: 'idle', losses: [], heldout: [], judged: [], files: [] };

/** The state after `event`. */
export function afterTrainingEvent(state: TrainingState, event: TrainingEvent): TrainingState {
  switch (event.type) {
    case 'start':
      return { ...state, phase: state.phase === 'stopping' ? 'stopping' : 'running', start: event };
    case 'heldout':
      return { ...state, heldout: [...state.heldout, { step: event.step, loss: event.loss }] };
    case 'sample':
      return { ...state, prompt: event.prompt, [event.when]: event.text };
    case 'step':
      return {
        ...state,
        losses: [...state.losses, { step: event.step, loss: event.loss }],
        msPerStep: event.msPerStep,
        remainingMs: event.remainingMs,
      };
    case 'judged':
      return { ...state, judged: [...state.judged, { step: event.step, boundUsed: event.boundUsed }] };
    case 'end':
      return state;
  }
}

/** The verdict of a training run in plain words. */
export interface TrainingVerdict {
  readonly tone: 'good' | 'bad' | 'none';
  readonly headline: string;
  readonly sentences: readonly string[];
}

/** What to tell of an ended run; one that was stopped has no result, and concludes nothing. */
export function trainingVerdict(result: CaseResult | undefined, { start, msPerStep, judged, losses }: TrainingState): TrainingVerdict {
  if (!result) {
    return {
      tone: 'none',
      headline: `Stopped after ${plural(losses.at(-1)?.step ?? 0, 'step')}.`,
      sentences: ['Start again for an answer.'],
    };
  }
  const { heldoutBefore, heldoutAfter, unigram } = result.metrics ?? {};
  const figures =
    heldoutBefore != null && heldoutAfter != null
      ? [
          `On the part of the text that it never saw, its surprise fell from ${nats(heldoutBefore)} to ${nats(heldoutAfter)} nats per byte` +
            (unigram == null ? '.' : `; counting letters alone reaches ${nats(unigram)}.`),
        ]
      : [];
  const speed =
    msPerStep === undefined || !start ? [] : [`${Math.round(msPerStep)} ms a step, ${bytesWords(start.bytesForecast)} of memory.`];
  const checked = judged.length === 0 ? [] : [`${judged.length} of its steps were recomputed in double precision and agreed.`];
  if (result.status === 'pass')
    return { tone: 'good', headline: 'Yes: it learnt your text, and learnt it right.', sentences: [...figures, ...checked, ...speed] };
  return {
    tone: 'bad',
    headline: 'No: this run did not learn as it must.',
    sentences: [sentence(result.error?.message ?? 'no reason was given'), ...figures, ...speed],
  };
}

/** An error's message as a sentence. */
function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? '' : '.'}`;
}

function nats(loss: number): string {
  return loss.toFixed(2);
}
