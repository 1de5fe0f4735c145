import { Observable } from '../controls/observable.ts';
import type { RunState } from '../run/run-state.ts';

/**
 * What a person wants to have in sight of the details: their beginning, the field of the query,
 * all that is wrong, or the case of a key.
 */
export type Sought = 'beginning' | 'query' | 'wrong' | { readonly key: string };

/** Whether what is behind the answer is open. */
export class Detailed extends Observable<boolean> {
  /** What is to be brought in sight as soon as it is there. */
  readonly sought = new Observable<Sought | undefined>(undefined);

  /** Opens the details with that in sight. */
  seek(sought: Sought): void {
    this.sought.value = sought;
    this.value = true;
  }

  /** A user who drops recordings wants to see each. */
  follow(run: Observable<RunState>): void {
    let before = run.value.subject;
    run.subscribe(({ subject }) => {
      if (before === 'plan' && subject === 'recordings') this.value = true;
      before = subject;
    });
  }
}
