import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { NoBrowserError } from '../exit.ts';
import { findBrowsers, type InstalledBrowser, isExecutable } from './find.ts';

const DEBIAN_PACKAGES = ['chromium', 'fonts-dejavu-core', 'libvulkan1'];
const BY_HAND_DEBIAN = `apt-get install ${DEBIAN_PACKAGES.join(' ')}`;
const BY_HAND = 'npx playwright install --with-deps chromium';

/** Whether a browser may be installed: who hears each step, or false. */
export type Installation = ((line: string) => void) | false;

/** What a command wrote and how it ended. */
interface Finished {
  readonly ok: boolean;
  readonly output: string;
}

/**
 * Installs a browser with WebGPU: Debian's chromium by apt as root or through sudo without a
 * password, else Playwright's download. `say` hears each step. Throws {@link NoBrowserError} with
 * what was tried and the command that a person would run.
 */
export async function installBrowser(say: (line: string) => void): Promise<InstalledBrowser> {
  const tried: string[] = [];
  for (const install of [installFromDebian, downloadWithPlaywright]) {
    const installed = await install(say, tried);
    if (installed) return installed;
  }
  const byHand = process.getuid?.() === 0 ? BY_HAND_DEBIAN : `sudo ${BY_HAND_DEBIAN}`;
  const command = process.platform === 'linux' ? `${byHand}  or  ${BY_HAND}` : BY_HAND;
  throw new NoBrowserError(
    `no Chrome, Edge or Chromium could be installed (${tried.join('; ')}): run  ${command}`,
  );
}

async function installFromDebian(
  say: (line: string) => void,
  tried: string[],
): Promise<InstalledBrowser | undefined> {
  if (process.platform !== 'linux') return undefined;
  const asRoot = await commandAsRoot();
  if (!asRoot) {
    tried.push('apt-get needs root or sudo without a password');
    return undefined;
  }
  say(
    `no browser is installed: installing Debian's chromium with ${[...asRoot, 'apt-get'].join(' ')}`,
  );
  const apt = (...args: string[]) =>
    run([...asRoot, 'apt-get', '-y', '-q', '-o', 'DPkg::Lock::Timeout=120', ...args]);
  const install = () => apt('install', '--no-install-recommends', ...DEBIAN_PACKAGES);
  let result = await install();
  if (!result.ok) {
    say('the package lists are missing or old: apt-get update');
    await apt('update');
    result = await install();
  }
  const found = findBrowsers()[0];
  if (!found) tried.push(`apt-get install chromium: ${reasonIn(result.output)}`);
  return found;
}

/**
 * The words before a command that make it run as root; undefined when there are none or no apt-get.
 */
async function commandAsRoot(): Promise<readonly string[] | undefined> {
  if (!(await run(['apt-get', '--version'])).ok) return undefined;
  if (process.getuid?.() === 0) return ['env', 'DEBIAN_FRONTEND=noninteractive'];
  const sudo = ['sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive'];
  return (await run([...sudo, 'true'])).ok ? sudo : undefined;
}

async function downloadWithPlaywright(
  say: (line: string) => void,
  tried: string[],
): Promise<InstalledBrowser | undefined> {
  say("no browser is installed: downloading Playwright's Chromium");
  const cli = join(
    dirname(createRequire(import.meta.url).resolve('playwright/package.json')),
    'cli.js',
  );
  const withDependencies =
    process.platform === 'linux' && (await commandAsRoot()) ? ['--with-deps'] : [];
  const result = await run([
    process.execPath,
    cli,
    'install',
    '--no-shell',
    ...withDependencies,
    'chromium',
  ]);
  const found = await downloadedBrowser();
  if (!found) tried.push(`playwright install: ${reasonIn(result.output)}`);
  return found;
}

/** Playwright's own Chromium, when it was downloaded. */
export async function downloadedBrowser(): Promise<InstalledBrowser | undefined> {
  const { chromium } = await import('playwright');
  const path = chromium.executablePath();
  return isExecutable(path) ? { name: "Playwright's Chromium", path } : undefined;
}

function run([program = '', ...args]: readonly string[]): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

/**
 * The line that says why a command failed: its last one that speaks of an error, else its last one.
 */
function reasonIn(output: string): string {
  const lines = output.split('\n').flatMap((line) => line.trim() || []);
  return (
    lines.findLast((line) => /^(E:|.*\b(error|failed)\b)/i.test(line) && !line.startsWith('at ')) ??
    lines.at(-1) ??
    'no output'
  );
}
