import { countTokens, type LabelledTokens } from '../../data/labelled-tokens.ts';
import { GradproofError } from '../../errors.ts';
import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import type { Schedule } from '../../vocabulary/optim/lr_schedule.ts';
import type { LlamaTrainingConfig } from './config/read-training-config.ts';
import { TextBatches } from './text-batches.ts';

/** What a run does with its texts. */
export interface RunPlan<Text extends LabelledTokens = LabelledTokens> {
  readonly training: readonly Text[];
  /** The last texts, which training does not see; perhaps none. */
  readonly heldout: readonly Text[];
  readonly steps: number;
  readonly stepsOfEpoch: number;
  readonly schedule: Schedule;
  /** Tokens of the longest row. */
  readonly longest: number;
}

/** Texts that ask nothing. */
class NothingAskedError extends GradproofError {
  constructor() {
    super(
      'nothing-asked',
      'the data ask for no token: give longer texts, or answers that begin within max_length',
    );
  }
}

/**
 * Splits texts and counts steps: those that are asked for, or those of the epochs. Throws
 * GradproofError `nothing-asked`.
 */
export function runPlan<Text extends LabelledTokens>(
  texts: readonly Text[],
  config: LlamaTrainingConfig,
): RunPlan<Text> {
  const asking = texts.filter((text) => countTokens([text]).asked > 0);
  if (asking.length === 0) throw new NothingAskedError();
  const { heldoutFraction, steps, epochs, warmup, schedule } = config;
  const kept = Math.min(Math.floor(asking.length * heldoutFraction), asking.length - 1);
  const training = asking.slice(0, asking.length - kept);
  const heldout = asking.slice(asking.length - kept);
  const { stepsOfEpoch, longest } = new TextBatches(training, config);
  const total = steps ?? Math.ceil(epochs * stepsOfEpoch);
  return {
    training,
    heldout,
    steps: total,
    stepsOfEpoch,
    schedule: { ...schedule, total, warmup: warmupOf(warmup, total) },
    longest: heldout.reduce((most, { ids }) => Math.max(most, ids.length), longest),
  };
}

/** As TrainingArguments has it: a share is rounded up. */
const warmupOf = (warmup: LlamaTrainingConfig['warmup'], steps: number): number =>
  'steps' in warmup ? warmup.steps : Math.ceil(warmup.share * steps);

/** How long a question and its answer may be together, in tokens. */
export interface ReadAtOnce {
  readonly tokens: number;
  /** What it could be with another max_length. */
  readonly most: number;
}

/** What a model reads that is asked while it is trained: as many tokens as a text may have. */
export const readAtOnce = (
  { context }: Pick<ModelConfig, 'context'>,
  { length }: Pick<LlamaTrainingConfig, 'length'>,
  { longest }: Pick<RunPlan, 'longest'>,
): ReadAtOnce => ({ tokens: Math.max(longest, length), most: context });
