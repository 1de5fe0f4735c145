import * as v from 'valibot';
import { keptModelOf } from '../resume/kept-choices.ts';
import { keptModel } from '../resume/kept-run.ts';
import { type Exchange, leadOf } from './conversation.ts';
import { runId, stepsOf, type TuningState, trainedFiles } from './tuning-state.ts';

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
  /** Of what was trained. */
  fileBytes: v.number(),
  /** What was trained, to be merged later; absent of a run without checkpoints. */
  weights: v.optional(
    v.object({
      files: v.array(v.file()),
      /** Absent of the project's own. */
      model: v.optional(keptModel),
      /** The digest of that model. */
      trainedOn: v.string(),
    }),
  ),
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
    id: runId(subject),
    model: subject.model,
    data: subject.data,
    settings: { ...subject.settings },
    steps: stepsOf(state).done,
    losses: points(steps),
    heldout: points(heldout),
    ...(exchange
      ? {
          answers: {
            prompt: leadOf(exchange),
            frozen: { text: exchange.frozen.text },
            tuned: { text: exchange.tuned.text },
          },
        }
      : {}),
    fileBytes: files.reduce((sum, { data }) => sum + data.byteLength, 0),
    ...weightsOf(state),
  };
}

/** What of a run is merged later; nothing where its model could not be told from another. */
function weightsOf(state: TuningState): Pick<TunedRun, 'weights'> {
  const { trainedOn } = state;
  const folder = state.subject?.folder;
  const files = [...trainedFiles(state)];
  if (trainedOn === undefined || files.length === 0) return {};
  return { weights: { files, trainedOn, ...(folder ? { model: keptModelOf(folder) } : {}) } };
}

/** How much what is kept takes, about: files, beside text and numbers. Bytes. */
export function keptBytes(kept: unknown): number {
  let files = 0;
  const told = JSON.stringify(kept, (_, part: unknown) => {
    if (!(part instanceof Blob)) return part;
    files += part.size;
    return undefined;
  });
  return files + new TextEncoder().encode(told).length;
}
