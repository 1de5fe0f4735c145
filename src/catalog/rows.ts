import type { RowId } from './ids.ts';

/** What an original test did. */
export type Did = 'mock' | 'skipped' | 'nothing' | 'shape' | 'text' | 'loose' | 'real' | 'named';

/** A row of the catalog. */
export interface Row {
  /** How heavy it is, as a hint: cases stand where the budgets of the tiers allow. */
  readonly tier: 'quick' | 'full' | 'slow';
  /** What it takes beyond this project: hardware, a feature, a library. */
  readonly needs?: readonly string[];
  /** The row with the same observable. */
  readonly sameAs?: string;
  readonly origin: {
    /** Number of the paper or repository. */
    readonly paper: string;
    /** What the test was called there. */
    readonly test: string;
    readonly did: Did;
    /** What it did, in a line. */
    readonly words: string;
  };
  /** What is asserted here, as the specification has it. */
  readonly asserts: string;
  /** The same clause by clause: what is observed, by name. */
  readonly clauses: Readonly<Record<string, string>>;
}

/** Every row by its id, in the order of the specification; loaded when first asked for. */
export async function loadRows(): Promise<ReadonlyMap<RowId, Row>> {
  const files = await Promise.all([
    import('./fsdp.json'),
    import('./tb.json'),
    import('./triton.json'),
  ]);
  const entries = files.flatMap((file) => Object.entries<unknown>(file.default));
  return new Map(entries as [RowId, Row][]);
}
