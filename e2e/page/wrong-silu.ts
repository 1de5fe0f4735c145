import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PageServer, servePage } from '../../src/cli/server.ts';

/**
 * Serves the page with SiLU broken in every script that holds its code: it has `one` for 1. A copy,
 * since Playwright cannot answer a worker's own script.
 */
export async function serveWrongSilu(one = '1.0001'): Promise<PageServer> {
  const folder = mkdtempSync(join(tmpdir(), 'gradproof-wrong-'));
  cpSync('dist/page', folder, { recursive: true, filter: (file) => !file.endsWith('.br') });
  let broken = 0;
  for (const name of readdirSync(join(folder, 'assets'))) {
    if (!name.endsWith('.js')) continue;
    const file = join(folder, 'assets', name);
    const script = readFileSync(file, 'utf8');
    const wrong = script.replaceAll(
      'let near = value / (1.0 + exp(',
      `let near = value / (${one} + exp(`,
    );
    if (wrong === script) continue;
    broken++;
    writeFileSync(file, wrong);
  }
  if (broken === 0) throw new Error('no script of the page holds the code of SiLU');
  const server = await servePage(folder);
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    },
  };
}
