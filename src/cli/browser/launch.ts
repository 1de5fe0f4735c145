import type { Browser } from 'playwright';
import { messageOf } from '../../errors.ts';
import { retry } from '../../harness/retry.ts';
import { NoBrowserError } from '../exit.ts';
import { browserArguments } from './arguments.ts';
import { BROWSER_VARIABLE, findBrowsers, type InstalledBrowser } from './find.ts';
import { downloadedBrowser, type Installation, installBrowser } from './install.ts';

/** The first version of Chrome with WebGPU. */
const OLDEST_CHROME = 113;

/**
 * A browser may be ended while it starts: only one that fails three times in a row does not start.
 */
const RELAUNCH_PAUSES_MS = [0, 0];

/** Starts `installed` without a window. Throws what Playwright throws. */
export async function launch(installed: InstalledBrowser, software: boolean): Promise<Browser> {
  const { chromium, errors } = await import('playwright');
  // A partial report is written first.
  const signals = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };
  const options = {
    executablePath: installed.path,
    args: browserArguments(software),
    timeout: 30_000,
    ...signals,
  };
  const browser = await retry(
    () => chromium.launch(options),
    RELAUNCH_PAUSES_MS,
    (error) => error instanceof errors.TimeoutError,
  );
  const version = Number.parseInt(browser.version(), 10);
  if (version >= OLDEST_CHROME) return browser;
  await browser.close();
  throw new NoBrowserError(`version ${browser.version()} has no WebGPU`);
}

/**
 * Starts the first installed browser that starts, and installs one when there is none and it may.
 * Throws {@link NoBrowserError} with what was tried.
 */
export async function launchAny(
  install: Installation,
): Promise<{ readonly installed: InstalledBrowser; readonly browser: Browser }> {
  const tried: string[] = [];
  for await (const installed of candidates(install)) {
    try {
      return { installed, browser: await launch(installed, false) };
    } catch (error) {
      tried.push(
        `${installed.name} at ${installed.path} does not start: ${messageOf(error).split('\n')[0]}`,
      );
    }
  }
  const named = process.env[BROWSER_VARIABLE];
  const why =
    tried.join('; ') ||
    (named
      ? `${BROWSER_VARIABLE} names ${named}, where there is no program`
      : 'no browser is installed');
  throw new NoBrowserError(
    `${why}: install a current Chrome, Edge or Chromium, or name one in ${BROWSER_VARIABLE}`,
  );
}

/**
 * Browsers to try in order; the last is installed when it is asked for. Only the named one when a
 * person named one.
 */
async function* candidates(install: Installation): AsyncGenerator<InstalledBrowser> {
  yield* findBrowsers();
  if (process.env[BROWSER_VARIABLE]) return;
  const downloaded = await downloadedBrowser();
  if (downloaded) yield downloaded;
  else if (install) yield await installBrowser(install);
}
