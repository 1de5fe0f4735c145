import type { Browser } from 'playwright';
import { messageOf } from '../../errors.ts';
import type { Heard } from '../../harness/headless/line.ts';
import type { ToWorker } from '../../harness/worker/messages.ts';
import type { PageServer } from '../server.ts';
import { openHeadlessPage } from './headless-page.ts';
import { PageLine } from './page-line.ts';

/**
 * A browser with one worker, for a runner in a page of another browser: each has a GPU process, and
 * that compiles one pipeline at a time.
 */
export class WorkerBrowser {
  readonly #tell: (heard: Heard) => void;
  #browser: Browser | undefined;
  /** Settles when all that was posted is given to the worker. */
  #posted: Promise<PageLine>;
  #isEnded = false;

  /** `tell` is given what the worker says, and that it is gone unless it was ended. */
  constructor(launch: () => Promise<Browser>, server: PageServer, tell: (heard: Heard) => void) {
    this.#tell = tell;
    this.#posted = this.#open(launch, server);
    this.#loseWith(this.#posted);
  }

  /** Gives a message to the worker, which starts with the first. */
  post(message: ToWorker): void {
    this.#posted = this.#posted.then(async (line) => {
      await line.tell({ type: 'work', message });
      return line;
    });
    this.#loseWith(this.#posted);
  }

  /** Ends the browser, whatever its worker does. */
  async end(): Promise<void> {
    this.#isEnded = true;
    await this.#browser?.close();
  }

  async #open(launch: () => Promise<Browser>, server: PageServer): Promise<PageLine> {
    this.#browser = await launch();
    if (this.#isEnded) await this.#browser.close();
    this.#browser.on('disconnected', () => this.#lose('its browser ended'));
    const page = await openHeadlessPage(this.#browser, server);
    page.on('crash', () => this.#lose('its tab ended'));
    return PageLine.open(page, (message) => {
      if (message.type === 'heard') this.#tell(message.heard);
    });
  }

  #loseWith(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#lose(messageOf(error).split('\n')[0] as string));
  }

  #lose(reason: string): void {
    if (this.#isEnded) return;
    this.end().catch(() => {}); // it may be gone already
    this.#tell({ type: 'death', death: { code: 'worker-died', reason } });
  }
}
