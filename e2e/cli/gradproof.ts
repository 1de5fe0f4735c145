import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The checkout under test. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LISTENING = new URL('listening.mjs', import.meta.url).href;

/** How a call of the command line ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a call may change. */
interface Circumstances {
  readonly env?: NodeJS.ProcessEnv;
  /** A command that calls the one behind it, such as `nice`. */
  readonly through?: readonly string[];
  /** Another checkout. */
  readonly root?: string;
  /** Called with all of stdout whenever more of it came. */
  readonly onOutput?: (stdout: string) => void;
  /** Kills all processes of the command at once when it is true; it is asked every few milliseconds. */
  readonly killWhen?: () => boolean;
  /** Interrupts as Ctrl-C does, all processes of the command at once, when stdout matches. */
  readonly interruptAt?: RegExp;
  /**
   * Asks to end, as a service manager does, as soon as that is heard, which is before anything
   * runs.
   */
  readonly terminateAtOnce?: boolean;
}

/**
 * Calls `gradproof ARGS` as `npm start -- ARGS` does and waits for its end; headless unless `env`
 * says otherwise.
 */
export async function gradproof(
  args: readonly string[],
  {
    env,
    through = [],
    root = ROOT,
    onOutput,
    interruptAt,
    killWhen,
    terminateAtOnce,
  }: Circumstances = {},
): Promise<Ended> {
  const preload = terminateAtOnce ? ['--import', LISTENING] : [];
  const words = [...through, process.execPath, ...preload, `${root}/scripts/start.mjs`, ...args];
  const child = spawn(words[0] as string, words.slice(1), {
    cwd: root,
    env: { ...process.env, CI: 'true', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    // A group of its own, as a terminal gives a command.
    detached: true,
  });
  const signal = (name: NodeJS.Signals) => process.kill(-(child.pid as number), name);
  let stdout = '';
  let stderr = '';
  let interrupted = false;
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    onOutput?.(stdout);
    if (!interrupted && interruptAt?.test(stdout)) interrupted = signal('SIGINT');
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  if (terminateAtOnce) child.stdio[3]?.once('data', () => child.kill('SIGTERM'));
  // A test that ran out of time ends with its process, and leaves none to the tests after it.
  const kill = () => void signal('SIGKILL');
  process.on('exit', kill);
  const watch =
    killWhen &&
    setInterval(() => {
      if (child.exitCode === null && killWhen()) kill();
    }, 2);
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(watch);
  process.off('exit', kill);
  return { status, stdout, stderr };
}
