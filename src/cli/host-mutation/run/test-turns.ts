import { howOfThrown, type ThrownInTest, thrownInTest } from './how.ts';
import type { Turn } from './turns.ts';

/** The turns of the mutants of one test. */
export class TestTurns {
  readonly place: { readonly file: string; readonly test: string };
  readonly count: number;
  readonly #left: number[];
  #tries = 0;
  #red: Extract<Turn, { type: 'red' }> | undefined;

  constructor(indices: readonly number[], place: TestTurns['place']) {
    this.#left = [...indices];
    this.count = indices.length;
    this.place = place;
  }

  /** The mutant that the test is to meet now; -1 for none. */
  get active(): number {
    return this.#red ? -1 : (this.#left[0] ?? -1);
  }

  get isDone(): boolean {
    return this.#left.length === 0;
  }

  /** Takes how the test ended; tells what is certain of a mutant by it. */
  tell(thrown: ThrownInTest | undefined, evaluated: boolean): Turn | undefined {
    const index = this.#left[0];
    if (index === undefined) return undefined;
    if (this.#red) {
      const turn = thrown ? ({ type: 'left', index, ...this.place } as const) : this.#red;
      this.#next();
      return turn;
    }
    if (!thrown) {
      this.#next();
      return { type: 'lived', index, ...this.place, evaluated };
    }
    this.#tries++;
    if (this.#tries === 2 || howOfThrown(thrown) === 'assertion')
      this.#red = { type: 'red', index, ...this.place, thrown: writable(thrown) };
    return undefined;
  }

  #next(): void {
    this.#left.shift();
    this.#tries = 0;
    this.#red = undefined;
  }
}

/** The turn of a mutant, -1 for none, in all tests of a file. */
export class LoadTurn {
  readonly #index: number;
  readonly #file: string;
  #red: Extract<Turn, { type: 'red' }> | undefined;

  constructor(index: number, file: string) {
    this.#index = index;
    this.#file = file;
  }

  get isRed(): boolean {
    return this.#red !== undefined;
  }

  /** Takes what a test threw first. */
  fail(test: string, thrown: ThrownInTest, atLoad?: true): void {
    this.#red ??= {
      type: 'red',
      index: this.#index,
      file: this.#file,
      test,
      thrown: writable(thrown),
      ...(atLoad && { atLoad }),
    };
  }

  /** What the tests of the file told; nothing, if all are green without a mutant. */
  end(): Turn | undefined {
    const place = { index: this.#index, file: this.#file, test: '' };
    if (this.#index === -1) return this.#red && { type: 'left', ...place };
    return this.#red ?? { type: 'lived', ...place, evaluated: true };
  }
}

/** Of what was thrown that by which a kill is judged; the rest need not fit into JSON. */
function writable({ name, message, code, cause }: ThrownInTest): ThrownInTest {
  return {
    name,
    message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(cause ? { cause: writable(thrownInTest(cause)) } : {}),
  };
}
