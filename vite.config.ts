import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { corpus } from './scripts/vite-corpus.ts';
import { shaders } from './scripts/vite-shaders.ts';

const root = fileURLToPath(new URL('.', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as { version: string };

/** How long plugins took is nobody's concern who starts the program. */
const checks = { pluginTimings: false };

/** One source, two targets: `vite build` makes the page, `vite build --mode node` the command line and its workers. */
export default defineConfig(({ mode }) => ({
  root,
  base: './',
  define: { __GRADPROOF_VERSION__: JSON.stringify(version), __GRADPROOF_COMMIT__: JSON.stringify(commit()) },
  plugins: [shaders(root), ...(mode === 'node' ? [] : [corpus(root)])],
  worker: { format: 'es' as const, plugins: () => [shaders(root)], rolldownOptions: { checks } },
  build: {
    target: 'es2022',
    emptyOutDir: true,
    ...(mode === 'node'
      ? {
          ssr: true,
          minify: false,
          copyPublicDir: false,
          outDir: 'dist/node',
          // Chunks stand beside the entries, so that import.meta.url leads every module to worker and page.
          rolldownOptions: {
            input: { cli: 'src/cli/main.ts', plan: 'src/cli/plan.ts', 'node-worker': 'src/harness/worker/node-worker.ts' },
            output: { chunkFileNames: '[name]-[hash].js' },
            checks,
          },
        }
      : { outDir: 'dist/page', rolldownOptions: { input: ['index.html', 'headless.html'], checks } }),
  },
}));

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown'; // not a git checkout, as in an installed package
  }
}
