import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type BridgeAddress, bridgeOrigin } from '../backends/bridge/address.ts';
import { BridgeClient } from '../backends/bridge/client.ts';
import { bridgeName } from '../backends/bridge/name.ts';
import { messageOf } from '../errors.ts';
import type { Live } from '../harness/live.ts';
import { ROOT } from './checkout.ts';
import { UsageError } from './exit.ts';

/** For Python to start; its libraries load later. Milliseconds. */
const START_MS = 30_000;
/** For Python to end by itself. Milliseconds. */
const END_MS = 3_000;

/** The checkout has no Python of the bridge's own; the message says what makes it. */
export class NoPythonError extends UsageError {
  readonly what = 'no Python environment yet';

  constructor() {
    super(
      'the bridge has no Python environment yet: npm run bridge:setup -- --minimal makes one (leave out --minimal for all libraries)',
    );
  }
}

/** Why there is no bridge, where what to do is said beside it. */
export const bridgeProblem = (error: unknown): string =>
  error instanceof NoPythonError ? error.what : messageOf(error);

/** A bridge that this process started; it ends with it, and when it is disposed. */
export interface RunningBridge extends AsyncDisposable {
  readonly address: BridgeAddress;
  /** Where a page's policy must let it reach. */
  readonly origin: string;
}

/**
 * Starts the bridge for the page at `page`. Address and token come through a pipe, so that no list
 * of processes shows them; the other pipe, which nothing is written to, ends with this process and
 * takes the bridge with it. Throws {@link UsageError}.
 */
export async function startBridge(
  page: string,
  onEnd: (how: string) => void = () => {},
): Promise<RunningBridge> {
  const python = findPython();
  const child = spawn(python, ['-m', 'gradproof_bridge', 'serve', '--announce', '--page', page], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close').then(([status, signal]) => `status ${signal ?? status}`);
  child.on('error', () => {}); // the end tells it too
  const stop = async () => {
    child.stdin.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
    await ended;
    clearTimeout(timer);
  };
  try {
    const address = await announcementOf(child, ended);
    let disposed = false;
    ended.then((how) => disposed || onEnd(how));
    const end = async () => {
      disposed = true;
      await stop();
    };
    return { address, origin: bridgeOrigin(address), [Symbol.asyncDispose]: end };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * The devices that `backends` names (all of them for `bridge`), and whether our own backend is left
 * out. Throws {@link UsageError}.
 */
export async function liveOf(
  { address }: RunningBridge,
  backends: readonly string[],
  signal?: AbortSignal,
): Promise<Live> {
  const { backends: devices } = await new BridgeClient(address).devices(signal);
  const wanted = backends.filter((name) => name !== 'webgpu' && name !== 'bridge');
  const names = devices.map(bridgeName);
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown)
    throw new UsageError(
      `--backend ${unknown}: the bridge has ${names.join(', ') || 'no library at all'}`,
    );
  const chosen =
    wanted.length > 0 && !backends.includes('bridge')
      ? devices.filter((device) => wanted.includes(bridgeName(device)))
      : devices;
  return {
    links: chosen.map((device) => ({ address, device })),
    alone: backends.length > 0 && !backends.includes('webgpu'),
  };
}

/**
 * Python of the bridge's own environment. Throws {@link NoPythonError}, and {@link UsageError}
 * where there is no checkout.
 */
function findPython(): string {
  const folder = join(ROOT, 'bridge');
  if (!existsSync(folder))
    throw new UsageError(
      `the bridge is Python in ${folder}, which is not there: run it in a checkout`,
    );
  const python =
    process.platform === 'win32'
      ? join(folder, '.venv/Scripts/python.exe')
      : join(folder, '.venv/bin/python');
  if (existsSync(python)) return python;
  throw new NoPythonError();
}

async function announcementOf(child: ChildProcess, ended: Promise<string>): Promise<BridgeAddress> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const late = new Promise<string>((resolve) =>
    setTimeout(() => resolve(`no word from it within ${START_MS / 1000} s`), START_MS).unref(),
  );
  const answer = await Promise.race([
    once(lines, 'line').then(([line]) => ({ line: String(line) })),
    ended,
    late,
  ]);
  if (typeof answer === 'string')
    throw new UsageError(
      `the bridge does not start (${answer}): run npm run bridge:setup again, and see above`,
    );
  const { port, token } = JSON.parse(answer.line) as {
    readonly port: number;
    readonly token: string;
  };
  return { port, token };
}
