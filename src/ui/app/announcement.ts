import { answer, factsOfReport } from '../check/answer.ts';
import { checkWords } from '../check/check.en.ts';
import { computes } from '../controls/computing.ts';
import type { App } from './app.ts';

/**
 * The few sentences that a screen reader is told while something runs: its start, each quarter, its
 * end.
 */
export function announcement({
  run,
  learning,
  adapting,
  merging,
  timing,
  measuring,
  executing,
  router,
}: Pick<
  App,
  'run' | 'learning' | 'adapting' | 'merging' | 'timing' | 'measuring' | 'executing' | 'router'
>): string {
  const { view } = router.address.value;
  // What was written is said beside its button.
  if (view === 'train' && merging.value.phase !== 'idle') return ofMerging(merging);
  if (view === 'train')
    return learning.value.phase === 'idle' || computes(adapting.value)
      ? ofTuning(adapting)
      : ofTraining(learning);
  if (view === 'bench') return ofBench(timing);
  // What was saved is said beside its button.
  if (view === 'quantize') return measuring.value.saved ? '' : ofQuantizers(measuring);
  if (view === 'matrix') return ofQuantizers(executing);
  const { phase, report, subject, done, total, problem } = run.state.value;
  switch (phase) {
    case 'idle':
      return '';
    case 'starting':
      return checkWords().announce.starting;
    case 'running':
      return quarter(done, total);
    case 'stopping':
      return checkWords().announce.stopping;
    case 'ended':
      return report ? answer(factsOfReport(report, subject)).headline : '';
    case 'failed':
      return problem ?? '';
  }
}

function ofTraining({ value: { phase, losses, start, problem } }: App['learning']): string {
  return ofSteps(phase, losses.at(-1)?.step, start?.steps, problem);
}

function ofTuning({ value: { phase, steps, start, problem } }: App['adapting']): string {
  return ofSteps(phase, steps.at(-1)?.step, start?.steps, problem);
}

function ofMerging({ value: { phase, done, total } }: App['merging']): string {
  return phase === 'saving' ? quarter(done, total) : '';
}

function ofSteps(
  phase: App['learning' | 'adapting']['value']['phase'],
  done = 0,
  total = 0,
  problem = '',
): string {
  switch (phase) {
    case 'running':
      return quarter(done, total);
    case 'paused':
      return checkWords().announce.paused;
    case 'ended':
      return checkWords().announce.trained;
    case 'failed':
      return problem;
    default:
      return '';
  }
}

function ofBench({ value: { phase, file, done, total, problem } }: App['timing']): string {
  const words = checkWords().announce;
  switch (phase) {
    case 'idle':
      return '';
    case 'starting':
      return words.starting;
    case 'running':
      return quarter(done, total);
    case 'stopping':
      return words.stopping;
    case 'ended':
      return file?.name ?? words.timed;
    case 'failed':
      return problem ?? '';
  }
}

function ofQuantizers({
  value: { phase, done, total, problem },
}: App['measuring'] | App['executing']): string {
  const words = checkWords().announce;
  switch (phase) {
    case 'idle':
      return '';
    case 'starting':
      return words.starting;
    case 'running':
    case 'saving':
      return quarter(done, total);
    case 'ended':
      return words.measured;
    case 'failed':
      return problem ?? '';
  }
}

function quarter(done: number, total: number): string {
  const quarters = total === 0 ? 0 : Math.floor((4 * done) / total);
  const { running, done: told } = checkWords().announce;
  return quarters === 0 ? running : told(quarters * 25);
}
