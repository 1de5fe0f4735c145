import { answer, factsOfReport } from '../check/answer.ts';
import { checkWords } from '../check/check.en.ts';
import type { App } from './app.ts';

/**
 * The few sentences that a screen reader is told while something runs: its start, each quarter, its
 * end.
 */
export function announcement({
  run,
  learning,
  timing,
  measuring,
  executing,
  router,
}: Pick<App, 'run' | 'learning' | 'timing' | 'measuring' | 'executing' | 'router'>): string {
  const { view } = router.address.value;
  if (view === 'train') return ofTraining(learning);
  if (view === 'bench') return ofBench(timing);
  if (view === 'quantize') return ofQuantizers(measuring);
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

function ofTraining({ value }: App['learning']): string {
  switch (value.phase) {
    case 'running':
      return quarter(value.losses.at(-1)?.step ?? 0, value.start?.steps ?? 0);
    case 'paused':
      return checkWords().announce.paused;
    case 'ended':
      return checkWords().announce.trained;
    case 'failed':
      return value.problem ?? '';
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
      return file ?? words.timed;
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
