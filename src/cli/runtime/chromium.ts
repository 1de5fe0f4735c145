import type { Browser, Page } from 'playwright';
import { GradproofError, messageOf } from '../../errors.ts';
import type { RunEvent, RunListener } from '../../harness/events.ts';
import { type Heard, type ToDriver, textOf } from '../../harness/headless/line.ts';
import { linkElsewhere } from '../../harness/headless/link-elsewhere.ts';
import { type Outcome, resultOf } from '../../harness/headless/outcome.ts';
import type { HeadlessDriver } from '../../harness/headless/page.ts';
import { Backoff, retry } from '../../harness/retry.ts';
import { deadlineOf } from '../../harness/runner/deadline.ts';
import { RESTART_PAUSES_MS } from '../../harness/runner/persistently.ts';
import { UnusableError } from '../../harness/runner.ts';
import { trainingKind } from '../../harness/training.ts';
import { type TuningRequest, tuningKind } from '../../harness/tuning.ts';
import type { ToWorker, WorkerLink } from '../../harness/worker/messages.ts';
import { pathOf } from '../../harness/worker/output-path.ts';
import { withRows } from '../../report/rows.ts';
import type { InstalledBrowser } from '../browser/find.ts';
import { endGpuProcess } from '../browser/gpu-process.ts';
import type { Installation } from '../browser/install.ts';
import { launch, launchAny } from '../browser/launch.ts';
import { InterruptedError } from '../exit.ts';
import { PAGE_FOLDER, type PageServer, servePage } from '../server.ts';
import { benchInPage, foreignInPage } from './bench-in-page.ts';
import { BrowserDiedError } from './browser-died.ts';
import { callPage, openHeadlessPage } from './headless-page.ts';
import { PageLine } from './page-line.ts';
import { PageTraining } from './page-training.ts';
import { RunJournal } from './run-journal.ts';
import type { Runtime } from './runtime.ts';
import { WorkerBrowser } from './worker-browser.ts';

const CRASH_GPU = 'crashGpu' satisfies keyof HeadlessDriver;

/**
 * Opens the headless page of `folder` in an installed browser: with the hardware's adapter, else
 * with Chrome's own CPU adapter. Throws NoBrowserError, or UnusableError with what was tried.
 */
export async function openChromium(install: Installation, folder = PAGE_FOLDER): Promise<Runtime> {
  const server = await servePage(folder);
  try {
    const { installed, browser } = await launchAny(install);
    return await ChromiumRuntime.open(server, installed, browser);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * A page ends a run by itself, at its deadline and when it is told to; one that has not by so much
 * later is frozen.
 */
const FROZEN_MS = 10_000;

/** A browser whose page has an adapter. */
interface OpenedBrowser {
  readonly installed: InstalledBrowser;
  readonly software: boolean;
  readonly browser: Browser;
  readonly page: Page;
}

class ChromiumRuntime implements Runtime {
  readonly adapter: string;
  readonly page: PageServer;
  readonly #installed: InstalledBrowser;
  readonly #software: boolean;
  #browser: Browser;
  #page: Page;
  #line: PageLine | undefined;
  /** By the number that the page gives its worker. */
  #elsewhere = new Map<number, WorkerBrowser>();
  /** Of this process's own. */
  #started: WorkerBrowser[] = [];
  #onRun: RunListener = () => {};
  #training: Pick<PageTraining, 'hear'> | undefined;

  private constructor(server: PageServer, opened: OpenedBrowser, adapter: string) {
    this.page = server;
    this.#installed = opened.installed;
    this.#software = opened.software;
    this.#browser = opened.browser;
    this.#page = opened.page;
    this.adapter = adapter;
  }

  static async open(
    server: PageServer,
    installed: InstalledBrowser,
    first: Browser,
  ): Promise<ChromiumRuntime> {
    const tried: string[] = [];
    for (const software of [false, true]) {
      const { adapter, ...opened } = await openAndAsk(
        server,
        installed,
        software,
        software ? undefined : first,
      );
      const version = opened.browser.version();
      if (adapter.ok) {
        const runtime = new ChromiumRuntime(
          server,
          { installed, software, ...opened },
          `${adapter.value}, ${installed.name} ${version}`,
        );
        await runtime.#expose().catch(() => {}); // its next user sees that it is gone
        return runtime;
      }
      tried.push(
        `${installed.name} ${version} ${software ? 'with SwiftShader' : 'with the hardware'}: ${adapter.message}`,
      );
      await opened.browser.close();
    }
    throw new UnusableError('no-adapter', tried.join('; '));
  }

  equipment() {
    return callPage(this.#page, 'equipment');
  }

  startWorker(): WorkerLink {
    const { link, hear } = linkElsewhere({
      post: (message) => worker.post(message),
      terminate: () => void worker.end().catch(() => {}), // it may be gone already
    });
    const worker = this.#workerBrowser(hear);
    this.#started.push(worker);
    return link;
  }

  async run(...[request, listen, signal]: Parameters<Runtime['run']>) {
    const journal = new RunJournal(request.options);
    this.#onRun = (event) => {
      if (journal.follow(event)) listen(event);
    };
    const ends = performance.now() + deadlineOf(request.options);
    const tell = (events: readonly RunEvent[]) => {
      for (const event of events) listen(event);
    };
    let now = request;
    for (const backoff = new Backoff(RESTART_PAUSES_MS); ; ) {
      try {
        if (now.resume) await this.#reopen();
        const head = await this.#settle(callPage(this.#page, 'run', now), signal, {
          limitMs: ends - performance.now(),
        });
        const report = journal.whole(head);
        listen({ type: 'end', report });
        return report;
      } catch (error) {
        if (!(error instanceof BrowserDiedError)) throw error;
        if (signal.aborted) {
          if (journal.begun) return await withRows(journal.report());
          throw new InterruptedError();
        }
        if (performance.now() > ends) {
          if (!journal.begun) throw error;
          tell(journal.giveUp('deadline'));
          return await withRows(journal.report());
        }
        const lost = journal.died();
        if (lost) {
          backoff.reset();
          tell(lost);
        } else if (!(await backoff.pause())) {
          // A page that died so often before any case ran is of no use.
          if (!journal.begun) throw error;
          tell(journal.giveUp('no-browser'));
          return await withRows(journal.report());
        }
        const options = { ...request.options, deadlineMs: Math.max(1, ends - performance.now()) };
        now = { ...request, options, resume: journal.unfinished() };
      }
    }
  }

  async train(...[request, listen, signal, skip]: Parameters<Runtime['train']>) {
    const leave = skip.follow((phase) => {
      callPage(this.#page, 'skip', phase).catch(() => {}); // a page that is gone skips nothing
    });
    const training = await PageTraining.of(trainingKind(request), listen);
    this.#training = training;
    try {
      return await training.outcome(this.#settle(callPage(this.#page, 'train', request), signal));
    } finally {
      leave();
    }
  }

  async tune(...[request, listen, signal]: Parameters<Runtime['tune']>) {
    const { folder } = request;
    const served = folder.kind === 'path' ? await this.page.serveFolder(folder.path) : folder;
    const kind = tuningKind(request);
    const training = await PageTraining.of(kind, listen);
    this.#training = training;
    const asked = textOf({ ...request, ...this.#writable(request), folder: served });
    const inPage = callPage(this.#page, 'tune', asked);
    // A step of a large model, after which it ends, takes long.
    return await training.outcome(this.#settle(inPage, signal, { patienceMs: kind.silenceMs }));
  }

  /** What the page writes comes through its server into the folders that were asked for. */
  #writable({ checkpoints, save }: TuningRequest): Pick<TuningRequest, 'checkpoints' | 'save'> {
    return {
      ...(checkpoints && {
        checkpoints: {
          ...checkpoints,
          place: this.page.keepCheckpoints(pathOf(checkpoints.place)),
        },
      }),
      ...(save && { save: { ...save, place: this.page.takeFiles(pathOf(save.place)) } }),
    };
  }

  async bench(...given: Parameters<Runtime['bench']>) {
    return benchInPage(this.#browser, this.page.url, ...given);
  }

  async foreign(...given: Parameters<NonNullable<Runtime['foreign']>>) {
    return foreignInPage(this.#browser, this.page.url, ...given);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endElsewhere();
    await this.#browser.close();
    await this.page[Symbol.asyncDispose]();
  }

  /** Opens the page again after its tab or the whole browser died. */
  async #reopen(): Promise<void> {
    await this.#endElsewhere();
    try {
      if (!this.#browser.isConnected())
        this.#browser = await launch(this.#installed, this.#software);
      this.#page = await openHeadlessPage(this.#browser, this.page);
      await this.#expose();
    } catch (error) {
      throw new BrowserDiedError(
        'browser-died',
        `the browser died and does not start again (${firstLine(error)}): run it again`,
      );
    }
  }

  async #expose(): Promise<void> {
    await this.#page.exposeBinding(CRASH_GPU, () => endGpuProcess(this.#browser));
    this.#line = await PageLine.open(this.#page, (message) => this.#hear(message));
  }

  #hear(message: ToDriver): void {
    switch (message.type) {
      case 'run':
        this.#onRun(message.event);
        break;
      case 'training':
      case 'file':
        this.#training?.hear(message);
        break;
      case 'post':
        this.#postElsewhere(message.id, message.message);
        break;
      case 'end':
        this.#elsewhere
          .get(message.id)
          ?.end()
          .catch(() => {}); // it may be gone already
    }
  }

  #postElsewhere(id: number, message: ToWorker): void {
    let worker = this.#elsewhere.get(id);
    if (!worker) {
      const line = this.#line;
      worker = this.#workerBrowser((heard) => {
        line?.tell({ type: 'hear', id, heard }).catch(() => {}); // a page that is gone runs nothing
      });
      this.#elsewhere.set(id, worker);
    }
    worker.post(message);
  }

  #workerBrowser(tell: (heard: Heard) => void): WorkerBrowser {
    return new WorkerBrowser(() => launch(this.#installed, this.#software), this.page, tell);
  }

  /** Ends the workers that the page, or this process, has in browsers of their own. */
  async #endElsewhere(): Promise<void> {
    const workers = [...this.#elsewhere.values(), ...this.#started];
    this.#elsewhere = new Map();
    this.#started = [];
    await Promise.all(workers.map((worker) => worker.end().catch(() => {}))); // may be gone already
  }

  /**
   * Waits for what the page is asked for, which takes at most `limitMs` if that is given, and is
   * cancelled when `signal` aborts, whereupon it ends within `patienceMs`.
   */
  async #settle<T>(
    pending: Promise<Outcome<T>>,
    signal: AbortSignal,
    {
      limitMs,
      patienceMs = FROZEN_MS,
    }: { readonly limitMs?: number; readonly patienceMs?: number } = {},
  ): Promise<T> {
    let freeze: (error: Error) => void = () => {};
    const frozen = new Promise<never>((_, reject) => {
      freeze = reject;
    });
    const timers: NodeJS.Timeout[] = [];
    const endIn = (ms: number) =>
      void timers.push(setTimeout(() => freeze(new Error('the page is frozen')), ms));
    if (limitMs !== undefined) endIn(limitMs + FROZEN_MS);
    const cancel = () => {
      endIn(patienceMs);
      callPage(this.#page, 'cancel').catch(() => {}); // a page that is gone has nothing to cancel
    };
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel);
    try {
      const outcome = await Promise.race([pending, frozen]).catch((error: unknown) => {
        throw new BrowserDiedError(
          'browser-died',
          `the browser or its tab ended during the run (${firstLine(error)}): run it again`,
        );
      });
      await this.#line?.drain().catch(() => {}); // a page that is gone has told all
      return resultOf(outcome);
    } finally {
      for (const timer of timers) clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    }
  }
}

/**
 * Opens the headless page and asks for its adapter, in another browser when this one ends
 * meanwhile.
 */
async function openAndAsk(
  server: PageServer,
  installed: InstalledBrowser,
  software: boolean,
  first: Browser | undefined,
) {
  let browser = first;
  const attempt = async () => {
    try {
      browser ??= await launch(installed, software);
      const page = await openHeadlessPage(browser, server);
      const adapter = await callPage(page, 'adapter');
      // Its GPU process may have been ended just then.
      return { browser, page, adapter: adapter.ok ? adapter : await callPage(page, 'adapter') };
    } catch (error) {
      await browser?.close().catch(() => {});
      browser = undefined;
      throw error;
    }
  };
  const isFinal = (error: unknown) => error instanceof GradproofError;
  return retry(attempt, [0, ...RESTART_PAUSES_MS], isFinal).catch((error: unknown) => {
    if (isFinal(error)) throw error;
    throw new BrowserDiedError(
      'browser-died',
      `the browser or its tab died whenever it was opened (${firstLine(error)}): run it again`,
    );
  });
}

const firstLine = (error: unknown) => messageOf(error).split('\n')[0];
