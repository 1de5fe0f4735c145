import type { PlanEntry } from '../../harness/events.ts';
import { harness } from '../app/harness.ts';
import { Observable } from '../controls/observable.ts';

/** All cases of this build; none until they are loaded. */
export class Plan extends Observable<readonly PlanEntry[]> {
  constructor() {
    super([]);
  }

  /** Loads them, which needs no graphics chip. */
  async load(): Promise<void> {
    if (this.value.length > 0) return;
    const { cases, planEntry } = await harness();
    this.value = [...cases.values()].map(planEntry);
  }
}
