import type { ThrownInTest } from './how.ts';

/** Which mutants the tests of a process meet one after another. */
export interface TurnPlan {
  /** By file and full name of the test, with modules that stay loaded. */
  readonly tests: Readonly<Record<string, TestsOfFile>>;
  /** By file; before each, all modules are loaded anew. */
  readonly loads: Readonly<Record<string, readonly number[]>>;
}

/** The mutants that each test of a file meets, by its full name. */
export type TestsOfFile = Readonly<Record<string, readonly number[]>>;

/** What a process tells of a mutant's turn in a test, a line each, as it happens. */
export type Turn = {
  readonly index: number;
  readonly file: string;
  /** Its full name; empty for all tests of a file. */
  readonly test: string;
} & (
  | { readonly type: 'begin' }
  /** `evaluated`: its place was reached, rather than a value taken that was made before. */
  | { readonly type: 'lived'; readonly evaluated: boolean }
  /** `atLoad`: a module could not be loaded. */
  | { readonly type: 'red'; readonly thrown: ThrownInTest; readonly atLoad?: true }
  /** The test stays red without the mutant, so that this process says nothing more. */
  | { readonly type: 'left' }
);

/** Reads what a process wrote up to now; its last line may be cut. */
export function readTurns(log: string): readonly Turn[] {
  const lines = log.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Turn);
}
