import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { findSwiftShader, swiftShaderEnvironment } from '../../src/cli/runtime/swiftshader.ts';

const { buildLibrary } = (await import(new URL('library.mjs', import.meta.url).href)) as {
  buildLibrary: (root: string) => Promise<void>;
};
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

beforeAll(() => buildLibrary(ROOT), 60_000);

const examples = readdirSync(join(ROOT, 'examples'));
const page = readFileSync(join(ROOT, 'docs/library.md'), 'utf8');

for (const example of examples) {
  // Without code from strings, which the page's policy refuses too.
  test(`${example} prints what docs/library.md says, which shows all of it`, async () => {
    const driver = await findSwiftShader();
    const env = driver ? swiftShaderEnvironment(driver, process.env) : process.env;
    const strict = '--disallow-code-generation-from-strings';
    const printed = execFileSync(process.execPath, [strict, join(ROOT, 'examples', example)], {
      cwd: ROOT,
      env,
      encoding: 'utf8',
    });
    const source = readFileSync(join(ROOT, 'examples', example), 'utf8');
    expect(page).toContain(
      `\`\`\`js\n${source}\`\`\`\n\n    ${printed.trimEnd().replaceAll('\n', '\n    ')}\n`,
    );
  });
}

test('no test is a module that programs import', () => {
  const modules = readdirSync(join(ROOT, 'dist/library/src'), {
    recursive: true,
    encoding: 'utf8',
  });
  expect(modules).toContain(join('ops', 'matmul', 'matmul.js'));
  expect(modules.filter((path) => path.includes('.test.'))).toEqual([]);
});

test('without a driver the example says what to do in Node', () => {
  const env = { ...process.env, VK_DRIVER_FILES: '/nowhere', VK_ICD_FILENAMES: '/nowhere' };
  const ended = spawnSync(process.execPath, [join(ROOT, 'examples/engine.mjs')], {
    cwd: ROOT,
    env,
    encoding: 'utf8',
  });
  expect(ended.status).toBe(1);
  expect(ended.stderr).toMatch(/NoAdapterError: no Vulkan driver was found .*VK_DRIVER_FILES=/);
  expect(ended.stderr).not.toContain('browser');
});

test.each([
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
])(
  'the declarations type a program in %s that imports it (%s), and refuse an operand that an op does not have',
  (module, resolution) => {
    const folder = join(ROOT, 'test-results/consumer');
    mkdirSync(folder, { recursive: true });
    const program = (operands: string) => `import { Gpu, Tensor } from 'gradproof/engine';
import { matmul } from 'gradproof/ops/matmul/matmul';
import { records } from 'gradproof/reference';
const gpu: Gpu = await Gpu.request();
const x = Tensor.empty(gpu, 'f32', [2, 2]);
export const y: Tensor = matmul.forward(gpu, ${operands}, {}).y;
export const names: string[] = [...records.keys()];
`;
    const check = (text: string) => {
      writeFileSync(join(folder, 'program.ts'), text);
      const options = [
        '--noEmit',
        '--strict',
        '--module',
        module,
        '--moduleResolution',
        resolution,
        '--target',
        'es2022',
        '--lib',
        'es2023,esnext.disposable,dom',
      ];
      const tsc = [
        join(ROOT, 'node_modules/typescript/bin/tsc'),
        ...options,
        '--ignoreConfig',
        join(folder, 'program.ts'),
      ];
      return execFileSync(process.execPath, tsc, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' });
    };
    expect(check(program('{ a: x, b: x }'))).toBe('');
    expect(() => check(program('{ a: x, c: x }'))).toThrow();
  },
);

test('what a package exports is built before it is packed, and packed', () => {
  const { exports, files, scripts } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  ) as {
    exports: Record<string, Record<string, string>>;
    files: string[];
    scripts: Record<string, string>;
  };
  expect(scripts['prepack']).toBe(scripts['build']);
  for (const path of Object.values(exports).flatMap((targets) => Object.values(targets))) {
    expect(files.some((folder) => path.startsWith(`./${folder}/`))).toBe(true);
    expect(existsSync(join(ROOT, path.replace('*', 'nn/silu'))), path).toBe(true);
  }
});
