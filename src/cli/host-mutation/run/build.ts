import { join, relative } from 'node:path';
import type { Plugin } from 'vite';

/** The worker of the cases with host mutants. */
export interface BuiltWorker {
  readonly script: string;
  /** The modules in it, as paths from the root. */
  readonly files: ReadonlySet<string>;
}

/**
 * Builds it into `out`, which must be as deep below `root` as the built command line is: from there
 * it finds its files.
 */
export async function buildWorker(root: string, out: string, plugin: Plugin): Promise<BuiltWorker> {
  const { build } = await import('vite');
  const files = new Set<string>();
  const listFiles: Plugin = {
    name: 'files-of-the-worker',
    moduleParsed: ({ id }) => void files.add(relative(root, id).replaceAll('\\', '/')),
  };
  await build({
    root,
    configFile: join(root, 'vite.config.ts'),
    mode: 'node',
    logLevel: 'error',
    plugins: [plugin, listFiles],
    build: {
      outDir: out,
      emptyOutDir: true,
      sourcemap: false,
      reportCompressedSize: false,
      // A text replaces the entries of the program.
      rolldownOptions: { input: 'src/cli/host-mutation/run/worker.ts' },
    },
  });
  return { script: join(out, 'worker.js'), files };
}
