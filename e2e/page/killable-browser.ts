import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { type Browser, chromium, type Page } from '@playwright/test';
import { browserArguments } from '../../src/cli/browser/arguments.ts';
import { findBrowsers } from '../../src/cli/browser/find.ts';
import { descendants, kill } from '../processes.ts';

/** Processes of browsers that were started, with the folders of their data. */
const started = new Map<ChildProcess, string>();

/** Ends the browsers that keep their data in a folder, such as one of a test that met its limit. */
export async function endBrowsers(dataFolder: string): Promise<void> {
  for (const [browser, folder] of started) if (folder === dataFolder) await end(browser);
}

/** Ends a browser with all its processes, those too that are stopped. */
async function end(browser: ChildProcess): Promise<void> {
  started.delete(browser);
  if (browser.exitCode !== null || browser.signalCode !== null) return;
  const ended = once(browser, 'exit');
  for (const pid of descendants(/./, browser.pid)) kill(pid, 'SIGKILL');
  await ended;
}

/**
 * A browser that keeps its data in a folder, and is no child of Playwright's: it can be killed. The
 * test whose folder that is ends it at the latest.
 */
export class KillableBrowser implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #browser: Browser;

  private constructor(process: ChildProcess, browser: Browser) {
    this.#process = process;
    this.#browser = browser;
  }

  static async start(dataFolder: string): Promise<KillableBrowser> {
    const path = findBrowsers()[0]?.path ?? chromium.executablePath();
    const own = ['--headless', '--remote-debugging-port=0', `--user-data-dir=${dataFolder}`];
    const child = spawn(path, [...own, ...browserArguments(true), 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    started.set(child, dataFolder);
    for await (const line of createInterface(child.stderr)) {
      const address = /^DevTools listening on (.*)$/.exec(line)?.[1];
      if (!address) continue;
      child.stderr.resume();
      return new KillableBrowser(child, await chromium.connectOverCDP(address));
    }
    throw new Error(`${path} ended before it listened`);
  }

  /** Kills those of its processes whose command line matches, and returns how many there were. */
  killProcesses(pattern: RegExp): number {
    return descendants(pattern, this.#process.pid).filter((pid) => kill(pid, 'SIGKILL')).length;
  }

  async newPage(): Promise<Page> {
    const [context] = this.#browser.contexts();
    if (!context) throw new Error('the browser has no context');
    return await context.newPage();
  }

  /** Ends it as a crash does, with all its tabs, and nothing is written any more. */
  async kill(): Promise<void> {
    await end(this.#process);
  }

  /**
   * Stops all its processes for so many milliseconds, as a computer does that sleeps; meanwhile those
   * may end whose command line matches `lost`.
   */
  async sleep(ms: number, lost?: RegExp): Promise<void> {
    const stopped = descendants(/./, this.#process.pid);
    for (const pid of stopped) kill(pid, 'SIGSTOP');
    const ended = lost ? descendants(lost, this.#process.pid) : [];
    for (const pid of ended) kill(pid, 'SIGKILL');
    if (lost && ended.length === 0) throw new Error(`no process of the browser matches ${lost}`);
    await setTimeout(ms);
    for (const pid of stopped) kill(pid, 'SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#browser.close();
  }
}

/** Ends the process of a tab. */
export async function crash(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  session.send('Page.crash').catch(() => undefined); // its process is gone and does not answer
  await crashed;
}

/** Ends the process that computes for all tabs, as a driver does that resets. */
export async function crashGpuProcess(page: Page): Promise<void> {
  const browser = page.context().browser() as Browser;
  await (await browser.newBrowserCDPSession()).send('Browser.crashGpuProcess');
}
