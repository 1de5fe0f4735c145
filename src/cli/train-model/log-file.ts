import { messageOf } from '../../errors.ts';
import { type LogRow, logLines, logRow, logRowsOf } from '../../harness/tuning/log.ts';
import type { TuningEvent } from '../../harness/tuning.ts';
import { appendOutput, writeOutput } from '../files.ts';

/**
 * The log of a run as a file, a line for each row, written as they come. What the disk has no room
 * for is kept, and written with the next row or at the end.
 */
export class LogFile {
  readonly path: string;
  readonly #tell: (line: string) => void;
  /** Lines that the file lacks. */
  #left: readonly string[] = [];
  /** Whether these take the place of what is there, which is of a run before or of later steps. */
  #replaces: boolean;
  /** Whether the last try to write failed, which was told. */
  #isFailing = false;
  /** Lines that were returned before. */
  readonly #told = new Set<string>();

  /**
   * The log at `path`, emptied by the first row or the end where a run begins. `tell` gets a line when
   * it cannot be written.
   */
  constructor(path: string, begins: boolean, tell: (line: string) => void) {
    this.path = path;
    this.#replaces = begins;
    this.#tell = tell;
  }

  /**
   * Adds what an event tells, and returns the rows that are new to who has seen them all. A run that
   * goes on has the rows of its checkpoint, and none of those after it.
   */
  add(event: TuningEvent): readonly LogRow[] {
    const isWhole = event.type === 'resumed-from';
    const rows = isWhole ? logRowsOf(event.history) : [logRow(event) ?? []].flat();
    if (!isWhole && rows.length === 0) return [];
    const lines = rows.map((row) => logLines([row]));
    this.#left = isWhole ? lines : [...this.#left, ...lines];
    this.#replaces ||= isWhole;
    this.#tryToWrite();
    return rows.filter((_, i) => this.#isNew(lines[i] as string));
  }

  /** Writes what is left; of a run that begins and has no rows an empty log. Throws UsageError. */
  end(): void {
    if (this.#replaces || this.#left.length > 0) this.#write();
  }

  #tryToWrite(): void {
    try {
      this.#write();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing)
        this.#tell(`${messageOf(error)}: the run goes on, and keeps its lines until they can be`);
      this.#isFailing = true;
    }
  }

  /** Throws UsageError. */
  #write(): void {
    const text = this.#left.join('');
    if (this.#replaces) writeOutput('--out', this.path, text);
    else appendOutput('--out', this.path, text);
    this.#left = [];
    this.#replaces = false;
  }

  #isNew(line: string): boolean {
    const isNew = !this.#told.has(line);
    this.#told.add(line);
    return isNew;
  }
}
