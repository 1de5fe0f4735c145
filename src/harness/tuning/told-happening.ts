import { counted } from '../../report/counted.ts';
import type { Happened } from '../../train/llama/progress.ts';
import type { RunWorkers } from '../../train/sharded/strategies.ts';

const WHY = {
  nonfinite: 'gradients stayed not finite',
  exploded: 'the loss exploded',
} as const;

const after = (step: number): string => (step === 0 ? 'from its start' : `after step ${step}`);

function toldWorkers({ was, are }: { readonly was: RunWorkers; readonly are: RunWorkers }): string {
  const verb = are.workers === 1 ? 'makes' : 'make';
  return `${wordsOf(was)} made the steps before, ${wordsOf(are)} ${verb} those after: bits may be others`;
}

const wordsOf = ({ workers, strategy }: RunWorkers): string =>
  `${counted(workers, 'worker')}${strategy === undefined ? '' : ` (${strategy})`}`;

/** What happened to a run, as a log and a terminal tell it. */
export function toldHappening(happened: Happened): string {
  switch (happened.type) {
    case 'restored': {
      const { step, writtenBy, workers } = happened;
      const parts = [
        `it goes on ${after(step)}`,
        writtenBy && `${writtenBy} wrote the checkpoint: the bits of this version may be others`,
        workers && toldWorkers(workers),
      ];
      return parts.filter((part) => part !== undefined).join('; ');
    }
    case 'checkpoint-failed':
      return `no checkpoint could be written: ${happened.why}; the run goes on, and those before it stay`;
    case 'lost':
      return `${happened.why}: another worker goes on`;
    case 'skipped': {
      const { tensor, index, count, lossScale } = happened;
      const where = `${counted(count, 'number')} of the gradients not finite, first ${tensor}[${index.join(', ')}]`;
      return lossScale === undefined
        ? `${where}: the step is skipped`
        : `${where}, at a loss scale of ${lossScale}: the step is skipped, and the scale halved`;
    }
    case 'rolled-back':
      return `${WHY[happened.why]}: it goes on ${after(happened.to)} at a rate of ${happened.learningRate}`;
    case 'rank-lost':
      return `worker ${happened.rank} was lost (${happened.why}): all go on ${after(happened.to)}`;
    case 'halved':
      return `memory ran out: it goes on ${after(happened.to)} with ${counted(happened.accumulation, 'micro-batch', 'micro-batches')} of ${counted(happened.batchSize, 'text')}`;
  }
}
