import { Observable } from '../controls/observable.ts';
import type { RunState } from '../run/run-state.ts';

/** Whether what is behind the answer is open. */
export class Detailed extends Observable<boolean> {
  /** A user who drops recordings wants to see each. */
  follow(run: Observable<RunState>): void {
    let before = run.value.subject;
    run.subscribe(({ subject }) => {
      if (before === 'plan' && subject === 'recordings') this.value = true;
      before = subject;
    });
  }
}
