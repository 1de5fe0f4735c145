import type { Browser, Page } from 'playwright';
import type { BenchDriver, BenchPage } from '../../bench/headless-page.ts';
import type { BenchEvent, BenchListener } from '../../bench/host.ts';
import type {
  ForeignListener,
  ForeignOutcome,
  ForeignRequest,
} from '../../bench/matrix/request.ts';
import type { BenchRequest } from '../../bench/request.ts';
import { messageOf } from '../../errors.ts';
import { type Outcome, resultOf } from '../../harness/headless/outcome.ts';
import { UnusableError } from '../../harness/runner.ts';
import type { Cell } from '../../quantizer/matrix/cell.ts';
import type { Report } from '../../report/schema.ts';
import { InterruptedError } from '../exit.ts';
import { Grace } from './grace.ts';

/** Names under which the driver's functions stand in the page. */
const EMIT = { bench: 'emitBench', cell: 'emitCell' } as const satisfies Record<
  string,
  keyof BenchDriver
>;

/**
 * Runs bench in a tab of its own. Throws UnusableError when the tab or the browser ends meanwhile,
 * InterruptedError where it does not end soon once `signal` has aborted, and what ended the run.
 */
export function benchInPage(
  browser: Browser,
  server: string,
  request: BenchRequest,
  listen: BenchListener,
  signal: AbortSignal,
): Promise<Report> {
  const expose = (page: Page) =>
    page.exposeBinding(EMIT.bench, (_, event: BenchEvent) => listen(event));
  return inTab(browser, server, expose, (call) => call('run', request), signal);
}

/** Asks other libraries for their cells of the matrix in such a tab; throws as {@link benchInPage}. */
export function foreignInPage(
  browser: Browser,
  server: string,
  request: ForeignRequest,
  listen: ForeignListener,
  signal: AbortSignal,
): Promise<ForeignOutcome> {
  const expose = (page: Page) => page.exposeBinding(EMIT.cell, (_, cell: Cell) => listen(cell));
  return inTab(browser, server, expose, (call) => call('foreign', request), signal);
}

/** Calls a method of the tab's {@link BenchPage}. */
type CallTab = <M extends keyof BenchPage>(
  method: M,
  ...args: Parameters<BenchPage[M]>
) => Promise<Awaited<ReturnType<BenchPage[M]>>>;

async function inTab<T>(
  browser: Browser,
  server: string,
  expose: (page: Page) => Promise<unknown>,
  work: (call: CallTab) => Promise<Outcome<T>>,
  signal: AbortSignal,
): Promise<T> {
  const page = await browser.newPage();
  await expose(page);
  await page.goto(new URL('headless-bench.html', server).href);
  await page.waitForFunction(() => 'gradproofBench' in globalThis);
  const call: CallTab = (method, ...args) =>
    page.evaluate(
      ([name, given]) => {
        const { gradproofBench } = globalThis as unknown as {
          gradproofBench: Record<string, (...all: unknown[]) => unknown>;
        };
        return gradproofBench[name as string]?.(...(given as unknown[])) as never;
      },
      [method, args],
    ) as Promise<never>;
  const cancel = () => {
    call('cancel').catch(() => {}); // a page that is gone has nothing to cancel
  };
  const crash = new Promise<never>((_, reject) => {
    page.on('crash', () => reject(new Error('the tab crashed')));
  });
  crash.catch(() => {}); // heard below, if at all
  signal.addEventListener('abort', cancel);
  using grace = new Grace(signal);
  try {
    if (signal.aborted) cancel();
    const outcome = await Promise.race([work(call), crash, grace.over]).catch((error: unknown) => {
      if (error instanceof InterruptedError) throw error;
      const [why] = messageOf(error).split('\n');
      throw new UnusableError('browser-died', `the browser or its tab ended meanwhile (${why})`);
    });
    return resultOf(outcome);
  } finally {
    signal.removeEventListener('abort', cancel);
    await page.close().catch(() => {});
  }
}
