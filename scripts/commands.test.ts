import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { covers } from '../src/catalog/covers.ts';
import { readCommandLine } from '../src/cli/program.ts';

const { argumentsOf } = (await import(new URL('test/arguments.mjs', import.meta.url).href)) as {
  argumentsOf: (args: readonly string[]) => unknown;
};

const at = (path: string) => new URL(`../${path}`, import.meta.url);
const read = (path: string) => readFileSync(at(path), 'utf8');
const { scripts, bin } = JSON.parse(read('package.json')) as {
  scripts: Record<string, string>;
  bin: Record<string, string>;
};

/** Words of a line as a POSIX shell takes them, up to a comment or a gap that sets words apart. */
function words(line: string): string[] {
  const [command = ''] = line.split(/ {3,}| +# /);
  return [...command.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'),
  );
}

/** Fails unless the command is one of this project and its arguments can be read. */
async function check(line: string): Promise<void> {
  const all = words(line.replace(/^\$ /, '')).filter((word) => !/^[A-Z_]+=/.test(word));
  const [program = '', name = '', ...rest] = all;
  if (program in bin) return void (await readCommandLine([name, ...rest].filter(Boolean)));
  expect(program, line).toBe('npm');
  const script = name === 'run' ? (rest.shift() ?? '') : name;
  expect(Object.keys(scripts), line).toContain(script);
  const given = rest[0] === '--' ? rest.slice(1) : rest;
  if (script === 'start') await readCommandLine(given);
  if (script === 'test') argumentsOf(given);
}

/** Commands of this project in the indented lines of a document. */
function commandsIn(path: string): string[] {
  const lines = read(path).matchAll(/^ {4}((?:\$ )?(?:[A-Z_]+=\S+ )*(?:npm|gradproof) .*)$/gm);
  return [...lines].map(([, line = '']) => line);
}

const documents = [
  'README.md',
  ...readdirSync(fileURLToPath(at('docs'))).flatMap((name) =>
    name.endsWith('.md') ? [`docs/${name}`] : [],
  ),
];

test.each(documents.filter((path) => commandsIn(path).length > 0))(
  'the command line takes every command of %s',
  async (path) => {
    for (const command of commandsIn(path)) await check(command);
  },
);

test('a command that does not exist is found', async () => {
  await expect(check('npm start -- --nonsense')).rejects.toThrow(/unknown option '--nonsense'/);
  await expect(check('npm start -- nonsense')).rejects.toThrow(/unknown command "nonsense"/);
  await expect(check('npm test -- --nonsense')).rejects.toThrow(/Unknown option '--nonsense'/);
  await expect(check('npm run nonsense')).rejects.toThrow();
});

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, string>>;
}
interface Job {
  readonly needs?: string;
  readonly 'timeout-minutes': number;
  readonly strategy?: { readonly matrix: { readonly shard: readonly number[] } };
  readonly steps: readonly Step[];
}

const [, source = ''] = /```yaml\n([\s\S]*?)```/.exec(read('docs/ci.md')) ?? [];
const workflow = parse(source) as { jobs: Readonly<Record<string, Job>> };
const { jobs } = workflow;
const stepOf = (job: string, uses: string) =>
  jobs[job]?.steps.find((step) => step.uses?.startsWith(`actions/${uses}@`))?.with;

test('the workflow runs every shard of one division, and its commands can be read', async () => {
  const shards = jobs['shard']?.strategy?.matrix.shard ?? [];
  expect(shards.length).toBeGreaterThan(1);
  const runs = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
  const filled = shards.flatMap((shard) =>
    runs.map((run) => run.replaceAll(/\$\{\{ matrix\.shard \}\}/g, String(shard))),
  );
  for (const run of filled) await check(run);
  const divisions = filled.flatMap((run) => /--shard (\S+)/.exec(run)?.[1] ?? []);
  expect(divisions).toEqual(shards.map((shard) => `${shard}/${shards.length}`));
});

const nightly = parse(read('.github/workflows/nightly.yml')) as typeof workflow;
const ofEachChange = parse(read('.github/workflows/ci.yml')) as typeof workflow;
const commandsOf = ({ steps }: Job) => steps.flatMap(({ run }) => run ?? []);
const keptBy = ({ steps }: Job) =>
  steps.flatMap(({ uses, with: given }) =>
    uses?.startsWith('actions/upload-artifact@') ? (given?.['path']?.trim().split('\n') ?? []) : [],
  );

test(
  'each change is built, linted, tested by units and, in a browser, by the quick tier',
  covers(
    'fsdp.utilities.ci-full-suite/workflow-steps',
    'fsdp.utilities.future-ci-integration/workflow-steps',
  ).control('nothing is linted', {
    file: '.github/workflows/ci.yml',
    from: 'run: npm run lint',
    to: 'run: npm run unused',
  }),
  async () => {
    const all = Object.values(ofEachChange.jobs).flatMap(commandsOf);
    for (const command of all) if (command !== 'npm ci') await check(command);
    const ofScripts = ['build', 'lint', 'types', 'unused', 'coverage'].map(
      (name) => `npm run ${name}`,
    );
    expect(all).toEqual(expect.arrayContaining(ofScripts));
    expect(scripts['coverage']).toMatch(/^vitest run --coverage /);
    // Without --filter and --tier it is the quick tier; a runner without a GPU has SwiftShader.
    const quick = all.filter((command) =>
      /^npm start -- --headless --runtime chromium /.test(command),
    );
    expect(quick).toEqual([expect.not.stringMatching(/--(filter|tier|shard|adapter)/)]);
  },
);

test(
  'what these commands write is kept: JUnit, coverage, results and the share link',
  covers(
    'fsdp.utilities.ci-full-suite/uploads-artifacts',
    'fsdp.utilities.future-ci-integration/uploads-artifacts',
    'fsdp.utilities.future-ci-integration/share-link-artifact',
  ).control('the results are left behind', {
    file: '.github/workflows/ci.yml',
    from: '            quick.json\n',
    to: '',
  }),
  () => {
    const { 'unit-tests': units, 'quick-tier': quick } = ofEachChange.jobs as Readonly<
      Record<string, Job>
    >;
    const [command = ''] = commandsOf(quick as Job);
    const written = [...command.matchAll(/--(report|junit|link) (\S+)/g)];
    expect(written.map(([, form]) => form)).toEqual(['report', 'junit', 'link']);
    expect(keptBy(quick as Job)).toEqual(written.map(([, , file]) => file));
    const [, junit] = /--outputFile\.junit=(\S+)/.exec(scripts['coverage'] ?? '') ?? [];
    const [, coverage] = /reportsDirectory: '(.+)'/.exec(read('vitest.config.ts')) ?? [];
    expect(keptBy(units as Job)).toEqual([junit, coverage]);
  },
);

test(
  'each night the slow tier runs',
  covers('fsdp.utilities.future-ci-integration/nightly-slow-tier').control(
    'each night the full tier runs',
    {
      file: '.github/workflows/nightly.yml',
      from: '--runtime node --tier slow',
      to: '--runtime node --tier full',
    },
  ),
  () => {
    expect((nightly as { on?: { schedule?: unknown } }).on?.schedule).toEqual([
      { cron: expect.stringMatching(/^\d+ \d+ \* \* \*$/) },
    ]);
    for (const name of ['slow-tier', 'slow-tier-node'])
      expect(commandsOf(nightly.jobs[name] as Job).join(), name).toMatch(
        / --tier slow --controls /,
      );
  },
);

test('the nightly workflow keeps what each of its commands writes', async () => {
  const { soak: _, ...writing } = nightly.jobs;
  for (const [name, { steps }] of Object.entries(writing)) {
    const [command = ''] = steps.flatMap(({ run }) => run ?? []);
    await check(command.replace(/\$\{\{ github\.run_number \}\}/, '7'));
    const written = [...command.matchAll(/--(?:report|junit) (\S+)/g)].map(([, file]) => file);
    const kept = steps.flatMap(({ with: given }) => given?.['path']?.trim().split('\n') ?? []);
    expect(kept, name).toEqual(written);
    expect(kept, name).not.toEqual([]);
  }
});

test('each night runs are killed and interrupted in every way that there is', () => {
  const { soak } = nightly.jobs;
  const ways = read('scripts/soak.mjs').matchAll(/^ {2}(\w+): \[/gm);
  expect(soak?.strategy?.matrix).toEqual({ soak: Array.from(ways, ([, way]) => way) });
  expect(commandsOf(soak as Job)).toEqual([
    expect.stringMatching(/^npm run soak -- \$\{\{ matrix\.soak \}\}$/),
  ]);
});

test('each night every run that can end by the clock does so before its job is ended', () => {
  const ended = Object.entries(nightly.jobs).flatMap(([name, job]) => {
    const [command = ''] = job.steps.flatMap(({ run }) => run ?? []);
    const [, ms] = /--deadline (\d+)/.exec(command) ?? [];
    if (ms === undefined) return [];
    // A quarter of an hour to install and build before the clock starts, and to write at the end.
    expect(Number(ms) / 60_000, name).toBeLessThanOrEqual(job['timeout-minutes'] - 15);
    return [name];
  });
  expect(ended).toEqual(['slow-tier', 'slow-tier-node', 'host-mutants']);
});

test('what a shard writes is what the merge reads', () => {
  const written = jobs['shard']?.steps.flatMap(
    ({ run }) => /--report (.+)$/.exec(run ?? '')?.[1] ?? [],
  );
  const up = stepOf('shard', 'upload-artifact');
  expect(written).toEqual([up?.['path']]);
  const down = stepOf('merge', 'download-artifact');
  const [prefix = ''] = (down?.['pattern'] ?? '').split('*');
  expect(prefix).not.toBe('');
  expect(up?.['name']?.startsWith(prefix)).toBe(true);
  expect(jobs['merge']?.needs).toBe('shard');
  expect(jobs['merge']?.steps.flatMap(({ run }) => run ?? [])).toEqual([
    expect.stringContaining(`merge ${down?.['path']}/*.json`),
  ]);
  expect(existsSync(at('package-lock.json')), 'npm start installs from it').toBe(true);
});
