import { spawn } from 'node:child_process';
import { interrupted, SetupError } from './step.mjs';

/**
 * Runs a program of ours; what it writes goes to stderr and is kept to say why it failed.
 * @param {string} what the step, for the message
 * @param {readonly string[]} command program and arguments
 * @param {{ cwd: string, quiet?: boolean }} options `quiet` shows the output only when it fails
 * @returns {Promise<void>}
 */
export async function runStep(what, [program, ...args], { cwd, quiet = false }) {
  const shell = process.platform === 'win32' && program === 'npm';
  const child = spawn(program, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell,
    signal: interrupted,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
      if (!quiet) process.stderr.write(chunk);
    });
  }
  const ended = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(signal ?? code));
  });
  if (ended === 0) return;
  if (interrupted.aborted) throw new SetupError(`interrupted while ${what}`, 130);
  if (quiet) process.stderr.write(output);
  const why =
    typeof ended === 'number'
      ? `it ended with status ${ended}; its output is above`
      : `it was stopped: ${ended}`;
  throw new SetupError(`${what} failed: ${[program, ...args].join(' ')}: ${why}`);
}
