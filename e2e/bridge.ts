import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { BridgeAddress } from '../src/backends/bridge/address.ts';
import { bridgeOrigin } from '../src/backends/bridge/address.ts';
import { ROOT } from './cli/gradproof.ts';

const PYTHON = join(
  ROOT,
  process.platform === 'win32' ? 'bridge/.venv/Scripts/python.exe' : 'bridge/.venv/bin/python',
);

/** Why the bridge cannot be tested here; undefined where its Python environment is. */
export const noBridge = existsSync(PYTHON)
  ? undefined
  : 'the bridge has no Python environment: npm run bridge:setup -- --minimal makes one';

/** A bridge for a page, and its end. */
export interface Bridge extends AsyncDisposable {
  readonly address: BridgeAddress;
  readonly origin: string;
  /** Stops the process that computes, as if it hung; what is returned lets it go on. */
  readonly hold: () => () => void;
}

/** Starts the bridge as `npm start -- --bridge` does. */
export async function startBridge(page: string): Promise<Bridge> {
  const child = spawn(PYTHON, ['-m', 'gradproof_bridge', 'serve', '--announce', '--page', page], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const address = JSON.parse(line) as BridgeAddress;
  const end = async () => {
    const ended = once(child, 'close');
    child.stdin.end();
    await ended;
  };
  const hold = () => {
    const computing = execFileSync('pgrep', ['-P', String(child.pid)], { encoding: 'utf8' })
      .split('\n')
      .filter(Boolean)
      .map(Number);
    for (const pid of computing) process.kill(pid, 'SIGSTOP');
    return () => {
      for (const pid of computing) process.kill(pid, 'SIGCONT');
    };
  };
  return { address, origin: bridgeOrigin(address), hold, [Symbol.asyncDispose]: end };
}
