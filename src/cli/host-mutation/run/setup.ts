import { afterEach, beforeAll, inject } from 'vitest';
import { mutantSwitch, takeReached } from '../../../harness/worker/host-switch.ts';
import type { TurnPlan } from './turns.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /**
     * The host mutant that is on, -1 for none, and how many there are; with turns, those that tests
     * meet one after another.
     */
    hostMutants: {
      readonly active: number;
      readonly count: number;
      readonly turns?: { readonly plan: TurnPlan; readonly log: string } | undefined;
    };
  }
  interface TaskMeta {
    /** Host mutants whose places were evaluated since the test before. */
    reached?: readonly number[];
    /** Of the first test of a file, those that were evaluated as modules were loaded. */
    reachedAtLoad?: readonly number[];
  }
}

// Set before a file of tests imports what is mutated. Files of a worker share it.
const { active, count, turns } = inject('hostMutants');
const places = mutantSwitch();
places.active = active;
places.reached ??= new Uint8Array(count);

let atLoad: readonly number[] = [];

beforeAll(() => {
  if (turns) return;
  atLoad = takeReached(places);
});

afterEach(({ task }) => {
  if (turns) return;
  const reached = takeReached(places);
  if (reached.length > 0) task.meta.reached = reached;
  if (atLoad.length > 0) task.meta.reachedAtLoad = atLoad;
  atLoad = [];
});
