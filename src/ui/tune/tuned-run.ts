import * as v from 'valibot';
import type { Exchange } from './conversation.ts';
import { stepsOf, type TuningState } from './tuning-state.ts';

const point = v.tuple([v.number(), v.nullable(v.number())]);
const answer = v.object({ text: v.string() });

/** A fine-tuning that is kept: all that a list and a comparison show. */
export const tunedRun = v.object({
  /** When it began, which names it. */
  id: v.string(),
  model: v.string(),
  data: v.string(),
  settings: v.record(v.string(), v.unknown()),
  steps: v.pipe(v.number(), v.integer()),
  /** Step and loss, of the steps and of texts that it never saw; null where it is no number. */
  losses: v.array(point),
  heldout: v.array(point),
  answers: v.optional(v.object({ prompt: v.string(), frozen: answer, tuned: answer })),
  /** Of what was trained; that itself is not kept. */
  fileBytes: v.number(),
});
export type TunedRun = v.InferOutput<typeof tunedRun>;

/** What of a run is kept. */
export function tunedRunOf(
  state: TuningState,
  exchange: Exchange | undefined,
): TunedRun | undefined {
  const { subject, steps, heldout, files } = state;
  if (!subject) return undefined;
  const points = (all: readonly { readonly step: number; readonly loss: number }[]) =>
    all.map(({ step, loss }): [number, number | null] => [
      step,
      Number.isFinite(loss) ? loss : null,
    ]);
  return {
    id: subject.startedAt.toISOString(),
    model: subject.model,
    data: subject.data,
    settings: { ...subject.settings },
    steps: stepsOf(state).done,
    losses: points(steps),
    heldout: points(heldout),
    ...(exchange
      ? {
          answers: {
            prompt: exchange.prompt,
            frozen: { text: exchange.frozen.text },
            tuned: { text: exchange.tuned.text },
          },
        }
      : {}),
    fileBytes: files.reduce((sum, { data }) => sum + data.byteLength, 0),
  };
}

/** How much a kept run takes, about: it is text and numbers. Bytes. */
export function keptBytes(run: TunedRun): number {
  return new TextEncoder().encode(JSON.stringify(run)).length;
}
