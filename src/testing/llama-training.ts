import type { Llama } from '../models/llama/llama.ts';
import type { OutputFile } from '../train/adapter-files.ts';
import type { CheckpointKeeper } from '../train/checkpoint/checkpoint-keeper.ts';
import type { Gate } from '../train/gate.ts';
import { TRAINING_TYPES, type TrainingType } from '../train/llama/config/types.ts';
import { fineTuneLlama } from '../train/llama/fine-tune-llama.ts';
import type { LlamaTraining, LlamaTuned } from '../train/llama/llama-training.ts';
import { grownModel, openModel } from '../train/llama/open-model.ts';
import type { LlamaMilestone, LlamaProgress } from '../train/llama/progress.ts';
import { NonFiniteGradientsError } from '../train/llama/recovery/run-faults.ts';
import { savedAdapter, savedLoraAb } from '../train/llama/saved-adapter.ts';
import type { SavedModel } from '../train/llama/saved-model/save-model.ts';
import { trainedBlocks, trainedWeights } from '../train/llama/saved-weights.ts';
import type { Asker } from '../train/llama/talk.ts';
import type { StepProfile } from '../train/step-profile.ts';
import { AssertionError, type CaseContext } from './context.ts';
import { judgeApplications } from './judge-step.ts';

/** Receives more of a run than its evidence. */
export interface LlamaListener {
  readonly tell: (progress: LlamaProgress) => void;
  /** Whether the run is to end after the step that is made. */
  readonly stopped: () => boolean;
  /** Closed, it lets the run wait before its next step. */
  readonly gate: Gate;
  /** Who asks the model meanwhile, if anyone does. */
  readonly asker: Asker | undefined;
  /** Times what the steps dispatch. */
  readonly profile?: StepProfile | undefined;
  /** Makes checkpoints of it. */
  readonly keeper?: CheckpointKeeper | undefined;
  /** Saves the model itself, merged; default weights that were trained whole are files. */
  readonly saveModel?: ((model: Llama) => Promise<SavedModel>) | undefined;
}

/** Steps below which a loss that does not fall says nothing. */
const FEWEST_STEPS = 20;

/**
 * A fine-tuning of a Llama as the body of a case: every op of the judged steps must be within its
 * bound, and the held-out loss, or without held-out texts that of the last steps, must have fallen.
 * `base` is what the saved adapter calls its model.
 */
export async function trainAndJudgeLlama(
  t: CaseContext,
  training: LlamaTraining,
  base: string,
  { tell, saveModel, ...controls }: LlamaListener,
): Promise<void> {
  let losses: number[] = [];
  let heldout: number[] = [];
  let notSaved: unknown;
  let skipped: number | undefined;
  const run = fineTuneLlama(t.gpu, training, {
    judge: (step, applications) => judgeApplications(t, step, applications),
    // What was trained is kept where the model cannot be.
    finish:
      saveModel &&
      (async (model) => {
        try {
          tellSaved(t, await saveModel(model));
        } catch (error) {
          notSaved = error;
        }
      }),
    tuned: (tuned) => {
      const written = saveModel !== undefined && notSaved === undefined;
      const files = keep(t, tuned, training, { base, written });
      tell({ type: 'saved', files, ...(tuned.model === undefined ? {} : { model: tuned.model }) });
    },
    ...controls,
  });
  const goOn = () => run.next().catch(lostItsLoss);
  let next = await goOn();
  for (; !next.done; next = await goOn()) {
    const progress = next.value;
    if (progress.type === 'resumed-from') {
      losses = lossesOf(progress.history, 'step');
      heldout = lossesOf(progress.history, 'heldout');
    }
    if (progress.type === 'skipped') skipped = progress.step;
    if (progress.type === 'step') losses.push(progress.loss);
    if (progress.type === 'heldout') heldout.push(progress.loss);
    if (progress.type === 'start') t.metric('bytesForecast', progress.bytesForecast);
    if (progress.type === 'checkpoint') t.metric('checkpointShare', progress.share);
    t.series('loss', losses);
    t.series('heldout', heldout);
    tell(progress);
    // What of a step without finite gradients is too much, the run itself says.
    if (progress.type === 'step' && progress.step !== skipped)
      t.expect(
        Number.isFinite(progress.loss),
        () =>
          `the loss of step ${progress.step} is not a finite number: give a smaller learning_rate`,
        'loss-not-finite',
      );
  }
  const tuned = next.value;
  if (notSaved !== undefined) throw notSaved;
  if (tuned.isStopped) return;
  const { before, after } = courseOf(tuned, losses);
  if (after >= before && tuned.steps < FEWEST_STEPS)
    t.skip('too-short', `the loss did not fall by step ${tuned.steps}: take ${FEWEST_STEPS} steps`);
  t.expect(
    after < before,
    () => `the loss went from ${before.toFixed(4)} to ${after.toFixed(4)} nats a token`,
    'not-learnt',
  );
}

/** Of a run that has no more finite gradients nothing is right. */
function lostItsLoss(thrown: unknown): never {
  if (thrown instanceof NonFiniteGradientsError)
    throw new AssertionError('loss-not-finite', thrown.message);
  throw thrown;
}

const lossesOf = (history: readonly LlamaMilestone[], of: 'step' | 'heldout'): number[] =>
  history.flatMap((one) => ('loss' in one && one.type === of ? [one.loss] : []));

/** Notes what a run leaves, and makes the files to save; weights that are `written` are none. */
function keep(
  t: CaseContext,
  tuned: LlamaTuned,
  { model, config }: LlamaTraining,
  { base, written }: { readonly base: string; readonly written: boolean },
): readonly OutputFile[] {
  for (const name of ['heldoutBefore', 'heldoutAfter', 'judgedSteps', 'peakBytes'] as const) {
    const value = tuned[name];
    if (value !== undefined) t.metric(name, value);
  }
  const { grown, expansion } = grownModel(model, config);
  let files: readonly OutputFile[] = [];
  if (config.adapter) {
    files = savedAdapter(tuned.trained, config.adapter, base);
    const what: TrainingType = TRAINING_TYPES[config.type];
    if (what.adapter === 'apart') files = [...files, savedLoraAb(tuned.trained)];
  } else if (expansion)
    files = trainedBlocks(tuned.trained, {
      before: grown.layers - expansion.added.length,
      after: grown.layers,
    });
  else if (!written) files = trainedWeights(tuned.trained);
  for (const { name, data } of files) t.artifact(name, data);
  return files;
}

/** What rounding did to merged weights, as metrics of the case. */
function tellSaved(t: CaseContext, { error }: SavedModel): void {
  if (!error) return;
  t.metric('mergeError', error.ofWeights);
  t.metric('mergeErrorOfChange', error.ofChange);
}

/** Merges what was trained as it is and saves the model, as the body of a case. */
export async function mergeAdapter(
  t: CaseContext,
  { folder, model: architecture, config, saved }: LlamaTraining,
  saveModel: (model: Llama) => Promise<SavedModel>,
): Promise<void> {
  using model = await openModel(t.gpu, { folder, config: architecture }, config, saved);
  const done = await saveModel(model);
  tellSaved(t, done);
  t.expect(
    done.merged > 0 || !config.adapter,
    () => 'the adapter changes no linear of this model',
    'nothing-merged',
  );
}

/** Where the loss was and is: on held-out texts, else in the first and the last steps. */
function courseOf(
  { heldoutBefore, heldoutAfter }: LlamaTuned,
  losses: readonly number[],
): { readonly before: number; readonly after: number } {
  if (heldoutBefore !== undefined && heldoutAfter !== undefined)
    return { before: heldoutBefore, after: heldoutAfter };
  const some = Math.max(1, Math.floor(losses.length / 10));
  const finite = losses.filter(Number.isFinite);
  const mean = (part: readonly number[]) => part.reduce((sum, x) => sum + x, 0) / part.length;
  return { before: mean(finite.slice(0, some)), after: mean(finite.slice(-some)) };
}
