import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { compressed } from './scripts/vite-compressed.ts';
import { corpus } from './scripts/vite-corpus.ts';
import { coveringTests } from './scripts/vite-covering-tests.ts';
import { otherPolicies } from './scripts/vite-other-policies.ts';
import { pageChunks } from './scripts/vite-page-chunks.ts';
import { paritySets } from './scripts/vite-parity-sets.ts';
import { serviceWorker } from './scripts/vite-service-worker.ts';
import { shaders } from './scripts/vite-shaders.ts';
import { shareTags } from './scripts/vite-share-tags.ts';

/** Where others find the page, if the build knows it. */
const shareBase = process.env['GRADPROOF_BUILD_SHARE_BASE'] ?? '';
const root = fileURLToPath(new URL('.', import.meta.url));
const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** How long plugins took does not matter to a user of the program. */
const checks = { pluginTimings: false };

/**
 * One source, three targets: `vite build` makes the page, `--mode node` the command line and its
 * workers, `--mode library` the modules that programs import.
 */
export default defineConfig(({ mode }) => ({
  root,
  base: './',
  define: {
    __GRADPROOF_VERSION__: JSON.stringify(version),
    __GRADPROOF_COMMIT__: JSON.stringify(commit()),
    __GRADPROOF_SHARE_BASE__: JSON.stringify(shareBase),
  },
  plugins: [
    shaders(root),
    paritySets(root),
    coveringTests(root),
    ...(mode === 'node' || mode === 'library'
      ? []
      : [corpus(root), shareTags(shareBase), otherPolicies(), serviceWorker(root), compressed()]),
  ],
  worker: {
    format: 'es' as const,
    plugins: () => [shaders(root)],
    // One file, since a worker needs all of it: still evaluated import by import.
    rolldownOptions: { checks, output: { codeSplitting: false } },
  },
  build: {
    target: 'es2022',
    // Browsers with WebGPU know it.
    modulePreload: { polyfill: false },
    emptyOutDir: true,
    ...(mode === 'node'
      ? {
          ssr: true,
          minify: false,
          copyPublicDir: false,
          // Leads from a mistake in a suite to its line.
          sourcemap: true,
          outDir: 'dist/node',
          // Chunks stand beside the entries, so that import.meta.url leads every module to worker
          // and page.
          rolldownOptions: {
            input: {
              cli: 'src/cli/main.ts',
              'parity-pages': 'src/cli/parity-pages/main.ts',
              plan: 'src/cli/plan.ts',
              snapshot: 'src/cli/snapshot/main.ts',
              'speed-page': 'src/cli/speed-page/main.ts',
              'test-report': 'src/cli/test-report/main.ts',
              'node-rank': 'src/harness/worker/node-rank.ts',
              'node-worker': 'src/harness/worker/node-worker.ts',
              'bench-worker': 'src/bench/node-worker.ts',
            },
            output: { chunkFileNames: '[name]-[hash].js' },
            checks,
          },
        }
      : mode === 'library'
        ? { ssr: true, minify: false, copyPublicDir: false, rolldownOptions: library() }
        : {
            outDir: 'dist/page',
            chunkSizeWarningLimit: 5000, // kilobytes of kernels and oracles, fetched by what computes
            rolldownOptions: {
              input: ['index.html', 'headless.html', 'headless-bench.html', 'bench-frame.html'],
              output: { codeSplitting: pageChunks(root) },
              checks,
            },
          }),
  },
}));

/** Entries and every op, each a module in the place of its source. */
function library() {
  const ops = readdirSync(join(root, 'src/ops'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => /^\w+[/\\]\w+\.ts$/.test(file),
  );
  const input = [
    ...ops.map((file) => `src/ops/${file}`),
    'src/library/backends.ts',
    'src/library/engine.ts',
    'src/library/quantizer.ts',
    'src/library/reference.ts',
    'src/library/text.ts',
  ];
  return {
    input,
    output: { preserveModules: true, preserveModulesRoot: root, entryFileNames: '[name].js' },
    checks,
  };
}

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
