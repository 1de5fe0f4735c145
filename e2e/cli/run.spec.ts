import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { covers } from '../../src/catalog/covers.ts';
import { findBrowsers } from '../../src/cli/browser/find.ts';
import { decodeLink } from '../../src/report/link/decode.ts';
import { readReport } from '../../src/report/read.ts';
import { gradproof, ROOT } from './gradproof.ts';
import { expect, test } from './scratch.ts';

const FEW = ['--filter', 'ops.nn.silu:legal;*', '--filter', '!*128x129'];

for (const runtime of ['chromium', 'node']) {
  test(`runs cases in ${runtime}: reports of every format, answer and share link`, async ({
    folder,
  }) => {
    const names = {
      report: 'report.json',
      junit: 'junit.xml',
      html: 'report.html',
      csv: 'report.csv',
    };
    const files = Object.entries(names).flatMap(([option, name]) => [
      `--${option}`,
      join(folder, name),
    ]);
    const read = (name: keyof typeof names) => readFileSync(join(folder, names[name]), 'utf8');
    const args = ['--runtime', runtime, ...FEW, '--seed', '7', ...files];
    const { status, stdout, stderr } = await gradproof(args);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const report = readReport(read('report'), 'report.json');
    expect(report.run).toMatchObject({
      complete: true,
      tier: 'quick',
      filters: [FEW[1], FEW[3]],
      seed: 7,
      shard: '1/1',
    });
    expect(report.summary.passed).toBeGreaterThan(1);
    expect(
      report.results.every(({ kernels, assertions }) => kernels.length > 0 && assertions > 0),
    ).toBe(true);
    expect(report.environments[0]?.runtime).toBe(runtime);
    const lines = stdout.trimEnd().split('\n');
    const { passed } = report.summary;
    expect(lines[0], 'nothing before the answer on a pipe').toBe(
      `${passed} of ${passed} checks are right.`,
    );
    expect(lines.at(-1)).toMatch(/^Share it: http:\S+#\S+$/);
    expect(read('junit')).toContain(`tests="${report.summary.total}"`);
    expect(read('html')).toContain(`>${lines[0]}</h1>`);
    expect(read('csv').match(/,pass,/g)).toHaveLength(report.summary.passed);
    expect(readdirSync(folder).sort(), 'and nothing unfinished').toEqual(
      Object.values(names).sort(),
    );
    const link = await decodeLink(
      new URL(/http:\S+#\S+/.exec(stdout)?.[0] ?? '').hash,
      async (hash) => readFileSync(join(ROOT, `dist/page/plans/${hash}.txt`), 'utf8'),
    );
    expect(link.planProblem).toBeUndefined();
    expect(link.cases.flatMap(({ id, status }) => (status === 'pass' ? [id] : []))).toEqual(
      report.results.map(({ id }) => id),
    );
  });
}

test(
  'writes nothing but the report to stdout when asked to, each result with its adapter',
  covers('triton.utilities.fixture-device/adapter-in-result').control(
    'the maker of the adapter is left out',
    {
      file: 'src/gpu/device.ts',
      from: 'adapter: { vendor, architecture',
      to: "adapter: { vendor: '', architecture",
    },
  ),
  async () => {
    // Where no driver is installed, a browser's is chosen.
    const env = { VK_DRIVER_FILES: '/nowhere', VK_ICD_FILENAMES: '/nowhere' };
    const args = ['--runtime', 'node', ...FEW, '--report', '-'];
    const { status, stdout, stderr } = await gradproof(args, { env });
    expect(status).toBe(0);
    const { summary, environments, results } = readReport(stdout, 'stdout');
    expect(summary.passed).toBeGreaterThan(1);
    expect(stderr).toContain('checks are right');
    for (const { env } of results) {
      const { adapter } = environments[env] ?? {};
      expect(JSON.stringify(adapter)).toMatch(/swiftshader/i);
      expect(adapter).toMatchObject({ vendor: 'google', isFallback: true });
    }
  },
);

test(
  'under GitHub Actions the step has a summary in Markdown',
  covers('triton.utilities.junit-and-reports/markdown-summary').control(
    'the summary has no heading',
    { file: 'src/report/markdown.ts', from: '### Gradproof', to: 'Gradproof' },
  ),
  async ({ folder }) => {
    const file = join(folder, 'summary.md');
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: file };
    expect((await gradproof(['--runtime', 'node', ...FEW], { env })).status).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(
      /^### Gradproof: (\d+) of \1 checks are right\.\n\n[^\n]*tier quick[^\n]*\n/,
    );
  },
);

test('lists cases without browser and adapter, and all of them are the plan', {
  tag: '@long',
}, async () => {
  const nothing = { PATH: '', GRADPROOF_BROWSER: '/nowhere', VK_DRIVER_FILES: '/nowhere' };
  const quick = await gradproof(['--list'], { env: nothing });
  expect(quick.stdout).toMatch(/^([a-z0-9._-]+:\S+ webgpu\n)+$/);
  const all = await gradproof(['run', '--list', '--tier', 'slow'], { env: nothing });
  const lines = all.stdout.trimEnd().split('\n');
  expect(lines).toEqual([...lines].sort());
  for (const line of quick.stdout.trimEnd().split('\n')) expect(lines).toContain(line);
  const plans = readdirSync(join(ROOT, 'dist/page/plans')).map((file) =>
    readFileSync(join(ROOT, 'dist/page/plans', file), 'utf8'),
  );
  expect(plans).toContain(all.stdout);
});

test('shards divide the plan', async () => {
  const list = async (...args: string[]) =>
    (await gradproof(['--list', ...args])).stdout.trimEnd().split('\n');
  const [whole, first, second] = await Promise.all([
    list(),
    list('--shard', '1/2'),
    list('--shard', '2/2'),
  ]);
  expect([...(first ?? []), ...(second ?? [])].sort()).toEqual(whole);
  expect(Math.abs((first?.length ?? 0) - (second?.length ?? 0))).toBeLessThan(2);
});

test('Ctrl-C ends with a partial report', async ({ folder }) => {
  const file = join(folder, 'partial.json');
  const { status, stdout } = await gradproof(['--verbose', '--report', file], {
    interruptAt: /^pass /m,
  });
  expect(status).toBe(130);
  const { run, summary } = readReport(readFileSync(file), 'partial.json');
  expect(run.complete).toBe(false);
  expect(summary.total).toBeGreaterThan(0);
  expect(stdout).toContain('this report is not complete');
});

for (const [what, args] of [
  ['a run', []],
  ['a run in Node', ['--runtime', 'node']],
  ['training', ['train']],
] as const) {
  test(`${what} that is to end before anything runs leaves a report`, async ({ folder }) => {
    const file = join(folder, 'early.json');
    const { status, stderr } = await gradproof([...args, '--report', file], {
      terminateAtOnce: true,
    });
    expect({ status, stderr }).toEqual({ status: 130, stderr: '' });
    const { run, summary } = readReport(readFileSync(file), 'early.json');
    expect({ complete: run.complete, total: summary.total }).toEqual({ complete: false, total: 0 });
  });
}

test('says what was tried and what to do when there is no browser', async () => {
  const { status, stdout, stderr } = await gradproof(['--headless'], {
    env: { GRADPROOF_BROWSER: '/no/such/browser' },
  });
  expect(status).toBe(3);
  expect(stderr).toMatch(
    /^gradproof: GRADPROOF_BROWSER names \/no\/such\/browser, [^\n]*install[^\n]*\n$/,
  );
  expect(stdout).toBe('');
});

test('says what was tried when a browser does not start', async () => {
  const { status, stderr } = await gradproof(['--headless'], {
    env: { GRADPROOF_BROWSER: '/bin/false' },
  });
  expect(status).toBe(3);
  expect(stderr).toMatch(/^gradproof: GRADPROOF_BROWSER at \/bin\/false does not start: [^\n]+\n$/);
});

test(
  'a browser that was started without WebGPU ends the run with 3, and nothing is green',
  covers('tb.hardware.cpu-only-run/default-run-exits-3').control(
    'a run without an adapter ends well',
    { file: 'src/cli/exit.ts', from: 'return EXIT.unusable;', to: 'return EXIT.ok;' },
  ),
  async ({ folder }) => {
    const [browser] = findBrowsers();
    if (!browser) throw new Error('no browser is installed');
    const wrapper = join(folder, 'browser');
    writeFileSync(wrapper, withoutWebGpu(browser.path));
    chmodSync(wrapper, 0o755);
    const { status, stdout, stderr } = await gradproof(['--headless'], {
      env: { GRADPROOF_BROWSER: wrapper },
    });
    expect(status).toBe(3);
    expect(stderr).toMatch(/^gradproof: [^\n]*(no WebGPU|no adapter)[^\n]*\n$/);
    expect(stdout, 'nothing is said to be right').toBe('');
  },
);

/** A program that starts a browser without the flag by which Linux gets WebGPU. */
function withoutWebGpu(browser: string): string {
  return `#!/bin/sh
for arg do
  shift
  [ "$arg" = --enable-unsafe-webgpu ] || set -- "$@" "$arg"
done
exec '${browser}' "$@" --disable-features=WebGPU
`;
}

test('doctor ends with 0 where something can compute, and with 3 where nothing can', {
  ...covers('fsdp.utilities.environment-doctor/exit-0-or-3').control('it always ends well', {
    file: 'src/cli/commands/doctor.ts',
    from: 'usable ? EXIT.ok : EXIT.unusable',
    to: 'usable ? EXIT.ok : EXIT.ok',
  }),
  tag: '@long',
}, async () => {
  const { status, stdout } = await gradproof(['doctor']);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^Node +\d/m);
  expect(stdout).toMatch(/^chromium +ok: \S/m);
  expect(stdout).toMatch(/^node +ok: \S/m);
  // The loader of Vulkan passes over every driver, that of an installed browser too.
  const none = await gradproof(['doctor'], {
    env: { GRADPROOF_BROWSER: '/nowhere', VK_LOADER_DRIVERS_DISABLE: '*' },
  });
  expect(none.stdout).toMatch(/^chromium +not usable: .*\/nowhere/m);
  // Other systems have adapters without Vulkan.
  expect(none.status).toBe(/^node +ok/m.test(none.stdout) ? 0 : 3);
  if (process.platform === 'linux') expect(none.status).toBe(3);
});

for (const runtime of ['chromium', 'node']) {
  test(`a case that outlives its limit in ${runtime} is ended, and the run goes on`, {
    tag: '@long',
  }, async () => {
    const { status, stdout } = await gradproof([
      '--runtime',
      runtime,
      ...FEW,
      '--timeout',
      '1',
      '--report',
      '-',
    ]);
    const { results, run } = readReport(stdout, 'stdout');
    expect([status, run.complete]).toEqual([1, true]);
    expect(results.length).toBeGreaterThan(1);
    expect(
      results.every(({ status, error }) => status === 'timeout' && error?.code === 'timeout'),
    ).toBe(true);
  });
}
