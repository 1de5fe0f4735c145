import type { Browser } from 'playwright';
import type { BenchDriver, BenchPage } from '../../bench/headless-page.ts';
import type { BenchEvent, BenchListener } from '../../bench/host.ts';
import type { BenchRequest } from '../../bench/request.ts';
import { messageOf } from '../../errors.ts';
import { resultOf } from '../../harness/headless/outcome.ts';
import { UnusableError } from '../../harness/runner.ts';
import type { Report } from '../../report/schema.ts';

const EMIT = 'emitBench' satisfies keyof BenchDriver;

/**
 * Runs bench in a tab of its own. Throws UnusableError when the tab or the browser ends meanwhile,
 * and what ended the run.
 */
export async function benchInPage(
  browser: Browser,
  server: string,
  request: BenchRequest,
  listen: BenchListener,
  signal: AbortSignal,
): Promise<Report> {
  const page = await browser.newPage();
  await page.exposeBinding(EMIT, (_, event: BenchEvent) => listen(event));
  await page.goto(new URL('headless-bench.html', server).href);
  await page.waitForFunction(() => 'gradproofBench' in globalThis);
  const call = <M extends keyof BenchPage>(method: M, ...args: Parameters<BenchPage[M]>) =>
    page.evaluate(
      ([name, given]) => {
        const { gradproofBench } = globalThis as unknown as {
          gradproofBench: Record<string, (...all: unknown[]) => unknown>;
        };
        return gradproofBench[name as string]?.(...(given as unknown[])) as never;
      },
      [method, args],
    ) as Promise<Awaited<ReturnType<BenchPage[M]>>>;
  const cancel = () => {
    call('cancel').catch(() => {}); // a page that is gone has nothing to cancel
  };
  const crash = new Promise<never>((_, reject) => {
    page.on('crash', () => reject(new Error('the tab crashed')));
  });
  crash.catch(() => {}); // heard below, if at all
  signal.addEventListener('abort', cancel);
  try {
    if (signal.aborted) cancel();
    const outcome = await Promise.race([call('run', request), crash]).catch((error: unknown) => {
      const [why] = messageOf(error).split('\n');
      throw new UnusableError(
        'browser-died',
        `the browser or its tab ended while it timed (${why})`,
      );
    });
    return resultOf(outcome);
  } finally {
    signal.removeEventListener('abort', cancel);
    await page.close().catch(() => {});
  }
}
