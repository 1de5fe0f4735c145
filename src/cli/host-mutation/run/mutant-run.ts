import type { HostMutant } from '../host-mutant.ts';
import type { Red } from './how.ts';
import type { HostOutcome } from './outcome.ts';

/** A mutant on its way through tests and cases. */
export class MutantRun {
  readonly mutant: HostMutant;
  /** Its place in the list that was built. */
  readonly index: number;
  /** The files of unit tests that ran with it, and the number of cases. */
  readonly #testFiles = new Set<string>();
  cases = 0;
  durationMs = 0;
  /** Evaluated as modules are loaded, so that it has to be on before they are. */
  evaluatedAtLoad: boolean;
  #isReached = false;
  #outcome: HostOutcome | undefined;

  constructor(mutant: HostMutant, index: number) {
    this.mutant = mutant;
    this.index = index;
    this.evaluatedAtLoad = mutant.atLoad;
  }

  /** Notes that some test or case evaluates its place. */
  reach(): void {
    this.#isReached = true;
  }

  /** Notes that tests of this file ran with it. */
  meet(testFile: string): void {
    this.#testFiles.add(testFile);
  }

  get testFiles(): readonly string[] {
    return [...this.#testFiles];
  }

  get isOpen(): boolean {
    return this.#outcome === undefined;
  }

  /** Its outcome, when all that could turn red has run. */
  get outcome(): HostOutcome {
    return this.#outcome ?? { kind: this.#isReached ? 'survived' : 'not-reached' };
  }

  /** Closes it, if it is open, at the run's deadline. */
  endUndecided(): void {
    this.#outcome ??= { kind: 'undecided' };
  }

  /** Closes it by what turned red. */
  close({ how, by, detail, atLoad }: Red): void {
    this.#outcome =
      atLoad && this.evaluatedAtLoad && how === 'exception'
        ? { kind: 'invalid', detail }
        : { kind: 'killed', how, by, detail };
  }
}
