import { messageOf } from '../../errors.ts';
import { DEFAULT_RUN_OPTIONS } from '../../report/run-options.ts';
import type { Report } from '../../report/schema.ts';
import { harness } from '../app/harness.ts';
import { Observable } from '../controls/observable.ts';
import type { RunState } from '../run/run-state.ts';

/** What is known of the speed here. */
export type SpeedState =
  | { readonly phase: 'unknown' }
  | { readonly phase: 'measuring' }
  | { readonly phase: 'known'; readonly report: Report }
  | { readonly phase: 'failed'; readonly problem: string };

/** Measures how fast ops are: the cases that time them, alone on the device, one after another. */
export class SpeedSession {
  readonly state = new Observable<SpeedState>({ phase: 'unknown' });
  #abort: AbortController | undefined;

  /**
   * The speed is measured alone on the device, once a whole run has shown that results are right.
   */
  follow(run: Observable<RunState>): void {
    run.subscribe(({ phase, subject, report }) => {
      if (phase === 'starting') this.stop();
      const whole =
        report?.run.complete &&
        report.run.filters.length === 0 &&
        report.run.shard === '1/1' &&
        report.summary.passed > 0;
      if (phase === 'ended' && subject === 'plan' && whole && this.state.value.phase === 'unknown')
        this.measure();
    });
  }

  /** Measures unless it does already; resolves when that is done, however it ended. */
  async measure(): Promise<void> {
    if (this.#abort) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.state.value = { phase: 'measuring' };
    const options = {
      ...DEFAULT_RUN_OPTIONS,
      tier: 'full',
      filters: ['speed.*'],
      workers: 1,
    } as const;
    try {
      const { run, cases, startWorker } = await harness();
      const report = await run({ cases, startWorker, signal: abort.signal }, options, () => {});
      this.state.value = report.run.complete ? { phase: 'known', report } : { phase: 'unknown' };
    } catch (error) {
      this.state.value = abort.signal.aborted
        ? { phase: 'unknown' }
        : { phase: 'failed', problem: messageOf(error) };
    } finally {
      this.#abort = undefined;
    }
  }

  /**
   * Ends a measurement, because something else needs the device: what is measured beside it would
   * be too slow.
   */
  stop(): void {
    this.#abort?.abort();
  }
}
