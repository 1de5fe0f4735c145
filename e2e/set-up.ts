import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Builds what changed, once and before the first test, by the way that people take. */
export default function setUp(): void {
  execFileSync(
    process.execPath,
    [fileURLToPath(new URL('../scripts/start.mjs', import.meta.url)), '--version'],
    { stdio: 'ignore' },
  );
}
