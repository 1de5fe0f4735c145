import { join } from 'node:path';
import type { RunListener } from '../harness/events.ts';
import type { OutputFile } from '../train/adapter-files.ts';
import { PROGRAM } from './checkout.ts';
import { makeFolder, writeOutput } from './files.ts';
import type { Voice } from './output/voice.ts';

/** Commands that are shown; the files of further failures are written all the same. */
const MOST_SHOWN = 5;

/** The reproductions of a run's failures: collected while it goes on, written beside its report. */
export class Reproductions {
  readonly #files: OutputFile[] = [];

  /** A listener that collects, and passes on to `listen`. */
  follow(listen: RunListener): RunListener {
    return (event) => {
      if (event.type === 'case-end') this.#files.push(...event.files);
      listen(event);
    };
  }

  /**
   * Writes the files to a folder beside the report and says how to replay them; without a report,
   * how to get them. Throws UsageError.
   */
  publish(report: string | undefined, voice: Voice): void {
    if (this.#files.length === 0) return;
    if (!report || report === '-') {
      voice.say(
        'Failures can be replayed alone: with --report FILE their inputs are written beside it.',
      );
      return;
    }
    const folder = `${report.replace(/\.json(\.gz)?$/, '')}.artifacts`;
    makeFolder('--report', folder);
    for (const { name, data } of this.#files) writeOutput('--report', join(folder, name), data);
    voice.say('To see a failure alone:');
    for (const { name } of this.#files.slice(0, MOST_SHOWN))
      voice.say(`  ${PROGRAM} --parity ${join(folder, name)}`);
    if (this.#files.length > MOST_SHOWN)
      voice.say(`  and ${this.#files.length - MOST_SHOWN} more in ${folder}`);
  }
}
