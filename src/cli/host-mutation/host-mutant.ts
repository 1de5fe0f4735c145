/**
 * What a host mutant changes. Each is a mistake that a tired engineer makes and neither compiler
 * nor linter sees.
 */
export type HostOperator =
  | 'arithmetic'
  | 'comparison'
  | 'logic'
  | 'constant'
  | 'default'
  | 'drop-argument'
  | 'swap-arguments'
  | 'drop-statement'
  | 'drop-spread'
  | 'swap-stages'
  | 'off-by-one'
  | 'wrong-property'
  | 'drop-fallback'
  | 'early-return';

/** How a built program chooses between the original and the mutant at one place of the source. */
export type Switch =
  /** `(active ? replacement : original)` */
  | {
      readonly form: 'choose';
      readonly start: number;
      readonly end: number;
      readonly replacement: string;
      /** Neither side does anything but give a value, so that a run can look whether they differ. */
      readonly isPure: boolean;
    }
  /** The statement runs only while the mutant is not active. */
  | { readonly form: 'skip'; readonly start: number; readonly end: number }
  /** A statement that runs in front of the one at `start`, while the mutant is active. */
  | { readonly form: 'insert'; readonly start: number; readonly text: string }
  /** `using name = ...` does not dispose of what it names. */
  | {
      readonly form: 'keep';
      readonly start: number;
      readonly end: number;
      readonly keyword: string;
      readonly name: string;
    }
  /** A key of a destructuring that is another; in `{ name }` the name stays. */
  | {
      readonly form: 'key';
      readonly start: number;
      readonly end: number;
      readonly name: string;
      readonly other: string;
      readonly isShorthand: boolean;
    };

/** One change of one place in the TypeScript. */
export interface HostMutant {
  /** Path from the root of the repository, with slashes. */
  readonly file: string;
  readonly operator: HostOperator;
  /** Line of the source file, from 1. */
  readonly line: number;
  /** Which of the operator's mutants on that line, from 1. */
  readonly n: number;
  /** The text from `start` to `end` becomes `replacement`. */
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  /**
   * Whether the place stands outside of every function, so that it is evaluated when the module
   * loads. What a module calls while it loads shows only when it runs.
   */
  readonly atLoad: boolean;
  /** Hash of the innermost statement around it, by which arguments for equivalence are keyed. */
  readonly statement: string;
  /** The same change in a build that holds both. */
  readonly switches: readonly Switch[];
}

/** `mutate.host.<path with dots>:<operator>;line=12;n=3` */
export function hostMutantId({
  file,
  operator,
  line,
  n,
}: Pick<HostMutant, 'file' | 'operator' | 'line' | 'n'>): string {
  const path = file.replace(/\.ts$/, '').replaceAll('/', '.');
  return `mutate.host.${path}:${operator};line=${line};n=${n}`;
}
