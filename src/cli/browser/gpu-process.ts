import type { Browser } from 'playwright';

/**
 * Ends the GPU process from outside: one that is stuck as a whole does not crash when it is asked
 * to.
 */
export async function endGpuProcess(browser: Browser): Promise<void> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  for (const { id } of processInfo.filter(({ type }) => type === 'GPU')) {
    try {
      process.kill(id, 'SIGKILL');
    } catch {
      await session.send('Browser.crashGpuProcess'); // it is not ours to end
    }
  }
}
