import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { type Plugin, transformWithOxc } from 'vite';

const SOURCE = 'src/ui/offline/service-worker.ts';

/** Media types of what a page is made of. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

/**
 * Pages that need their server anyway, for browsers without a person, the bridge and bench, and what
 * they alone are made of.
 */
const ONLINE =
  /^(?:headless(?:-bench)?|bridge|bench(?:-frame)?)\.html$|^assets\/(?:headless-bench|bench-frame)-/;

/**
 * Public files that the page needs without a network; recordings, baselines and the small model are
 * kept when they were used, and the picture of a link is for those who show links.
 */
const OFFLINE_FILE =
  /^(?!card\.png$)(?:[\w.-]+\.(?:svg|png|webmanifest)|plans\/[0-9a-f]{64}\.txt|schema\/.+)$/;

/**
 * Emits sw.js: the service worker with the list of this build's files and their hashes written in.
 * Its text changes with every build that differs in one byte, and so its version is the hash of
 * that list.
 */
export function serviceWorker(root: string): Plugin {
  return {
    name: 'gradproof-service-worker',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      async handler(_, bundle) {
        const page = bundle['index.html'];
        if (page?.type !== 'asset') return;
        const emitted = Object.values(bundle).flatMap((file) =>
          ONLINE.test(file.fileName)
            ? []
            : [fileOf(file.fileName, file.type === 'chunk' ? file.code : file.source)],
        );
        const folder = join(root, 'public');
        const published = readdirSync(folder, { recursive: true, encoding: 'utf8' })
          .map((path) => path.replaceAll('\\', '/'))
          .filter((path) => OFFLINE_FILE.test(path))
          .map((path) => fileOf(path, readFileSync(join(folder, path))));
        const files = [...emitted, ...published].sort((a, b) => (a.path < b.path ? -1 : 1));
        const precache = {
          version: hash(JSON.stringify(files)).slice(0, 16),
          files,
          policy: policyOf(String(page.source)),
        };
        const source = readFileSync(join(root, SOURCE), 'utf8');
        const { code } = await transformWithOxc(source, SOURCE, { sourcemap: false });
        this.emitFile({ type: 'asset', fileName: 'sw.js', source: withPrecache(code, precache) });
      },
    },
  };
}

/** The worker's code with its list in place. Throws when there is no single place for it. */
export function withPrecache(code: string, precache: object): string {
  const [before, after, ...more] = code.split('__PRECACHE__');
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`${SOURCE} must use __PRECACHE__ once`);
  return `${before}${JSON.stringify(precache)}${after}`;
}

/** The policy of a page, with what only a header can say. Throws where the page has none. */
export function policyOf(html: string): string {
  const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(html)?.[1];
  if (!policy) throw new Error('index.html must have a Content-Security-Policy');
  return `${policy}; frame-ancestors 'none'`;
}

function fileOf(path: string, source: string | Uint8Array) {
  const type = TYPES[extname(path)];
  if (!type)
    throw new Error(`${path}: say in scripts/vite-service-worker.ts what a ${extname(path)} is`);
  return { path, sha256: hash(source), type };
}

function hash(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
