import type { Browser, Page } from 'playwright';
import { GradproofError, messageOf } from '../../errors.ts';
import type { RunEvent, RunListener } from '../../harness/events.ts';
import type { HeadlessDriver, HeadlessPage, Outcome } from '../../harness/headless/page.ts';
import { UnusableError } from '../../harness/runner.ts';
import type { TrainingEvent, TrainingListener } from '../../harness/training.ts';
import type { InstalledBrowser } from '../browser/find.ts';
import type { Installation } from '../browser/install.ts';
import { launch, launchAny } from '../browser/launch.ts';
import { PAGE_FOLDER, type PageServer, servePage } from '../server.ts';
import { RunMemory } from './run-memory.ts';
import type { Runtime } from './runtime.ts';

/** Names under which the driver's functions stand in the page. */
const BINDINGS = { run: 'emitRun', training: 'emitTraining', crash: 'crashGpu' } as const satisfies Record<string, keyof HeadlessDriver>;

/**
 * Opens the headless page of `folder` in an installed browser: with the hardware's adapter, else with Chrome's own CPU adapter. Throws NoBrowserError, or UnusableError with what was tried.
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

/** The tab or the browser went away while it was needed. */
class BrowserDiedError extends UnusableError {}

/** A run goes on after so many deaths of its tab; a case that brings about more of them ends it. */
const MOST_DEATHS = 3;

/** A browser whose page has an adapter. */
interface OpenedBrowser {
  readonly installed: InstalledBrowser;
  readonly software: boolean;
  readonly browser: Browser;
  readonly page: Page;
}

class ChromiumRuntime implements Runtime {
  readonly adapter: string;
  readonly #server: PageServer;
  readonly #installed: InstalledBrowser;
  readonly #software: boolean;
  #browser: Browser;
  #page: Page;
  #onRun: RunListener = () => {};
  #onTraining: TrainingListener = () => {};

  private constructor(server: PageServer, opened: OpenedBrowser, adapter: string) {
    this.#server = server;
    this.#installed = opened.installed;
    this.#software = opened.software;
    this.#browser = opened.browser;
    this.#page = opened.page;
    this.adapter = adapter;
  }

  static async open(server: PageServer, installed: InstalledBrowser, first: Browser): Promise<ChromiumRuntime> {
    const tried: string[] = [];
    for (const software of [false, true]) {
      const browser = software ? await launch(installed, true) : first;
      const page = await openPage(browser, server);
      const adapter = await call(page, 'adapter');
      if (adapter.ok) {
        const runtime = new ChromiumRuntime(
          server,
          { installed, software, browser, page },
          `${adapter.value}, ${installed.name} ${browser.version()}`,
        );
        await runtime.#expose();
        return runtime;
      }
      tried.push(`${installed.name} ${browser.version()} ${software ? 'with SwiftShader' : 'with the hardware'}: ${adapter.message}`);
      await browser.close();
    }
    throw new UnusableError('no-adapter', tried.join('; '));
  }

  async run(...[request, listen, signal]: Parameters<Runtime['run']>) {
    const memory = new RunMemory(request.options);
    this.#onRun = (event) => {
      if (memory.follow(event)) listen(event);
    };
    for (let deaths = 0; ; deaths++) {
      try {
        const resume = deaths > 0 ? { resume: memory.unfinished() } : {};
        return await this.#settle(call(this.#page, 'run', { ...request, ...resume }), signal);
      } catch (error) {
        if (!(error instanceof BrowserDiedError) || deaths === MOST_DEATHS || signal.aborted) throw error;
        await this.#reopen();
      }
    }
  }

  async train(...[request, listen, signal]: Parameters<Runtime['train']>) {
    this.#onTraining = listen;
    return this.#settle(call(this.#page, 'train', request), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
    await this.#server[Symbol.asyncDispose]();
  }

  /** Opens the page again after its tab or the whole browser died. */
  async #reopen(): Promise<void> {
    if (!this.#browser.isConnected()) this.#browser = await launch(this.#installed, this.#software);
    this.#page = await openPage(this.#browser, this.#server);
    await this.#expose();
  }

  async #expose(): Promise<void> {
    await this.#page.exposeBinding(BINDINGS.run, (_, event: RunEvent) => this.#onRun(event));
    await this.#page.exposeBinding(BINDINGS.training, (_, event: TrainingEvent) => this.#onTraining(event));
    await this.#page.exposeBinding(BINDINGS.crash, async () => {
      const session = await this.#browser.newBrowserCDPSession();
      await session.send('Browser.crashGpuProcess');
    });
  }

  async #settle<T>(pending: Promise<Outcome<T>>, signal: AbortSignal): Promise<T> {
    const cancel = () => void call(this.#page, 'cancel');
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel);
    try {
      const outcome = await pending.catch((error: unknown) => {
        throw new BrowserDiedError(
          'browser-died',
          `the browser or its tab ended during the run (${messageOf(error).split('\n')[0]}): run it again`,
        );
      });
      if (outcome.ok) return outcome.value;
      throw new (outcome.unusable ? UnusableError : GradproofError)(outcome.code, outcome.message);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }
}

async function openPage(browser: Browser, server: PageServer): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(new URL('headless.html', server.url).href);
  return page;
}

/** Calls a method of the page's {@link HeadlessPage} and waits for what it returns. */
async function call<M extends keyof HeadlessPage>(
  page: Page,
  method: M,
  ...args: Parameters<HeadlessPage[M]>
): Promise<Awaited<ReturnType<HeadlessPage[M]>>> {
  await page.waitForFunction(() => 'gradproofPage' in globalThis);
  return page.evaluate(
    ([name, parameters]) => {
      const { gradproofPage } = globalThis as unknown as { gradproofPage: Record<string, (...all: unknown[]) => unknown> };
      return gradproofPage[name as string]?.(...(parameters as unknown[])) as never;
    },
    [method, args],
  );
}
