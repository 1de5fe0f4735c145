import type { Report } from '../../report/schema.ts';
import { Observable } from '../controls/observable.ts';
import { withWords } from '../messages/words.ts';
import type { Shown } from './suite-rows.ts';

/** A report of kind `test`: the results of the tests that cover rows. */
export interface TestReport {
  /** Name of the file. */
  readonly name: string;
  readonly report: Report;
}

/** All rows. */
export const ALL: Shown = { suite: '', state: '', text: '' };

/** What the view of the suites shows; outlasts a change of view or language. */
export class SuitesSession {
  readonly tests = new Observable<TestReport | undefined>(undefined);
  readonly shown = new Observable<Shown>(ALL);
  /** Ids of the rows that are open. */
  readonly open = new Observable<ReadonlySet<string>>(new Set());

  /** Opens a report of tests. Throws, with a line for people, where the file is none. */
  async take(file: File): Promise<void> {
    const { readTests } = await withWords(import('./read-tests.ts'));
    this.tests.value = { name: file.name, report: await readTests(file) };
  }

  /** Opens a row, and closes it with `open` false. */
  turn(id: string, open: boolean): void {
    const ids = this.open.value;
    if (ids.has(id) === open) return;
    this.open.value = new Set(open ? [...ids, id] : [...ids].filter((other) => other !== id));
  }
}
