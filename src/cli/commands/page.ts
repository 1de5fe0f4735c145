import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { RunOptions } from '../../harness/events.ts';
import { findBrowsers } from '../browser/find.ts';
import { EXIT } from '../exit.ts';
import { Interrupt } from '../interrupt.ts';
import { PAGE_FOLDER, PAGE_PORT, servePage } from '../server.ts';

/** Serves the page, opens it in a browser with tier and filters in its address, and stays until Ctrl-C. */
export async function openPage(given: Pick<Partial<RunOptions>, 'tier' | 'filters' | 'seed'>): Promise<number> {
  using interrupt = new Interrupt();
  await using server = await servePage(PAGE_FOLDER, PAGE_PORT);
  const address = addressOf(server.url, given);
  console.log(`Gradproof is at ${address} until Ctrl-C`);
  const browser = findBrowsers()[0];
  if (browser) open(browser.path, address);
  else console.log('no Chrome, Edge or Chromium was found: open the address in a browser with WebGPU');
  await once(interrupt.signal, 'abort');
  return EXIT.interrupted;
}

function addressOf(base: string, { tier, filters = [], seed }: Parameters<typeof openPage>[0]): string {
  const url = new URL(base);
  if (tier) url.searchParams.set('tier', tier);
  for (const filter of filters) url.searchParams.append('filter', filter);
  if (seed !== undefined) url.searchParams.set('seed', String(seed));
  return url.href;
}

function open(browser: string, address: string): void {
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const child = spawn(browser, [...root, address], { detached: true, stdio: 'ignore' });
  child.on('error', (error) => console.log(`${browser} does not start (${error.message}): open the address yourself`));
  child.unref();
}
