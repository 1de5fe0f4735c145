import type { SourceFault } from '../../src/catalog/covers.ts';

/** What is written where a test covers rows of the catalog. */
export interface WrittenTest {
  readonly title: string;
  readonly covers: readonly string[];
  /** What is wrong with the fault that must turn it red. */
  readonly control: string;
  readonly fault: SourceFault;
}

/** A test whose assertions nothing is known to turn red proves nothing. */
export class UncontrolledError extends Error {
  constructor(file: string, title: string) {
    super(`${file}: "${title}" covers rows and has no control(): name the fault that turns it red`);
  }
}
