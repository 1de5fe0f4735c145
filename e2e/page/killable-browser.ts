import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { type Browser, chromium, type Page } from '@playwright/test';
import { browserArguments } from '../../src/cli/browser/arguments.ts';
import { findBrowsers } from '../../src/cli/browser/find.ts';
import { descendants, kill } from '../processes.ts';

/** A browser that keeps its data in a folder, and is no child of Playwright's: it can be killed. */
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
    for await (const line of createInterface(child.stderr)) {
      const address = /^DevTools listening on (.*)$/.exec(line)?.[1];
      if (!address) continue;
      child.stderr.resume();
      return new KillableBrowser(child, await chromium.connectOverCDP(address));
    }
    throw new Error(`${path} ended before it listened`);
  }

  async newPage(): Promise<Page> {
    const [context] = this.#browser.contexts();
    if (!context) throw new Error('the browser has no context');
    return await context.newPage();
  }

  /** Ends it as a crash does, with all its tabs, and nothing is written any more. */
  async kill(): Promise<void> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
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
