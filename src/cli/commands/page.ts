import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type BridgeAddress, bridgeFragment } from '../../backends/bridge/address.ts';
import type { RunOptions } from '../../report/run-options.ts';
import { startBridge } from '../bridge.ts';
import { findBrowsers } from '../browser/find.ts';
import { EXIT } from '../exit.ts';
import { Interrupt } from '../interrupt.ts';
import { BRIDGE_PAGE, PAGE_FOLDER, PAGE_PORT, PEERS_FOLDER, servePage } from '../server.ts';
import { shareBaseOf } from '../share-base.ts';

/** What the page can do beside what it always can. */
interface PageOptions {
  /** Starts the Python bridge. */
  readonly bridge?: boolean;
  /** Where links lead. */
  readonly shareBase?: string;
  /** The origin of a server whose models the page may fetch. */
  readonly modelServer?: string;
  /** A sink that the page may send logs of runs to. */
  readonly logTo?: string;
}

/**
 * Serves the page, opens it in a browser with tier and filters in its address, and stays until
 * Ctrl-C.
 */
export async function openPage(
  given: Pick<Partial<RunOptions>, 'tier' | 'filters' | 'seed'>,
  { bridge: isBridged = false, shareBase, modelServer, logTo }: PageOptions,
): Promise<number> {
  const { url, isPublic } = shareBaseOf(shareBase);
  using interrupt = new Interrupt();
  const base = isPublic ? url : undefined;
  const reached = { models: modelServer, sink: logTo };
  await using server = await servePage(PAGE_FOLDER, PAGE_PORT, base, PEERS_FOLDER, reached);
  await using bridge = isBridged
    ? await startBridge(server.url, (how) => console.log(`the bridge ended: ${how}`))
    : undefined;
  if (bridge) server.allow(bridge.origin);
  const address = addressOf(server.url, given, bridge?.address);
  console.log(`Gradproof is at ${address} until Ctrl-C`);
  const browser = findBrowsers()[0];
  if (browser) open(browser.path, address);
  else
    console.log('no Chrome, Edge or Chromium was found: open the address in a browser with WebGPU');
  await once(interrupt.signal, 'abort');
  return EXIT.interrupted;
}

function addressOf(
  base: string,
  { tier, filters = [], seed }: Parameters<typeof openPage>[0],
  bridge: BridgeAddress | undefined,
): string {
  const url = new URL(bridge ? BRIDGE_PAGE : '', base);
  if (bridge) url.hash = bridgeFragment(bridge);
  if (tier) url.searchParams.set('tier', tier);
  for (const filter of filters) url.searchParams.append('filter', filter);
  if (seed !== undefined) url.searchParams.set('seed', String(seed));
  return url.href;
}

function open(browser: string, address: string): void {
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const child = spawn(browser, [...root, address], { detached: true, stdio: 'ignore' });
  child.on('error', (error) =>
    console.log(`${browser} does not start (${error.message}): open the address yourself`),
  );
  child.unref();
}
