import { appendFileSync, writeFileSync } from 'node:fs';
import { type LogRow, logLines, logRow, logRowsOf } from '../../harness/tuning/log.ts';
import type { TuningEvent } from '../../harness/tuning.ts';
import { writeOutput } from '../files.ts';

/** The log of a run as a file, a line for each row, written as they come. */
export class LogFile {
  readonly path: string;
  /** Whether what is there is of a run before. */
  #isOld: boolean;
  /** Lines that were returned before. */
  readonly #told = new Set<string>();

  /** The log at `path`, emptied by {@link begin} or the first row where a run begins. */
  constructor(path: string, begins: boolean) {
    this.path = path;
    this.#isOld = begins;
  }

  /** Empties the log of a run that begins, unless it has rows already. */
  begin(): void {
    if (this.#isOld) writeFileSync(this.path, '');
    this.#isOld = false;
  }

  /**
   * Adds what an event tells, and returns the rows that are new to who has seen them all. A run that
   * goes on has the rows of its checkpoint, and none of those after it.
   */
  add(event: TuningEvent): readonly LogRow[] {
    if (event.type === 'resumed-from') {
      const rows = logRowsOf(event.history);
      this.#isOld = false;
      writeOutput('--out', this.path, logLines(rows));
      return this.#newOf(rows);
    }
    const row = logRow(event);
    if (!row) return [];
    this.begin();
    appendFileSync(this.path, logLines([row]));
    return this.#newOf([row]);
  }

  #newOf(rows: readonly LogRow[]): readonly LogRow[] {
    return rows.filter((row) => {
      const line = logLines([row]);
      const isNew = !this.#told.has(line);
      this.#told.add(line);
      return isNew;
    });
  }
}
