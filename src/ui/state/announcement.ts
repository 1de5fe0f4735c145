import { answer, factsOfReport } from './answer.ts';
import type { App } from './app.ts';

/** The few sentences that a screen reader is told while something runs: its start, each quarter, its end. */
export function announcement({ run, training, address }: Pick<App, 'run' | 'training' | 'address'>): string {
  if (address.value.view === 'train') return ofTraining(training);
  const { phase, report, subject, done, total, problem } = run.state.value;
  switch (phase) {
    case 'idle':
      return '';
    case 'starting':
      return 'Starting.';
    case 'running':
      return quarter(done, total);
    case 'stopping':
      return 'Stopping.';
    case 'ended':
      return report ? answer(factsOfReport(report, subject)).headline : '';
    case 'failed':
      return problem ?? '';
  }
}

function ofTraining({ state: { value } }: App['training']): string {
  switch (value.phase) {
    case 'running':
      return quarter(value.losses.at(-1)?.step ?? 0, value.start?.steps ?? 0);
    case 'ended':
      return 'Fine-tuning has ended.';
    case 'failed':
      return value.problem ?? '';
    default:
      return '';
  }
}

function quarter(done: number, total: number): string {
  const quarters = total === 0 ? 0 : Math.floor((4 * done) / total);
  return quarters === 0 ? 'Running.' : `${quarters * 25} percent done.`;
}
