import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { covers } from '../../src/catalog/covers.ts';
import { expect, test } from '../counted.ts';
import { gradproof } from './gradproof.ts';

const folder = mkdtempSync(join(tmpdir(), 'gradproof-'));
const file = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const emptyFolder = (name: string) => {
  mkdirSync(join(folder, name));
  return join(folder, name);
};

/** A report of a run with this table, or of none that had a device. */
const reportWith = (tuning: object | undefined) => {
  const report = JSON.parse(readFileSync('src/report/fixtures/run.json', 'utf8'));
  const [environment] = report.environments;
  const none = Object.fromEntries(Object.keys(report.summary).map((name) => [name, 0]));
  return JSON.stringify(
    tuning
      ? { ...report, environments: [{ ...environment, tuning }] }
      : { ...report, environments: [], results: [], summary: none },
  );
};

const TEXT = 'a text that is long enough. '.repeat(999);
const someRun = () => file('some-run.json', readFileSync('src/report/fixtures/run.json', 'utf8'));

/** What a command reads, last, and would overwrite with its report. */
const INPUTS: readonly (readonly [args: readonly string[], option: string])[] = [
  [['quantize', '--data', file('w.safetensors', 'weights')], '--data'],
  [['train', '--data', file('text.txt', TEXT)], '--data'],
  [['merge', someRun()], 'merge'],
  [['--headless', '--tuning', someRun()], '--tuning'],
  [['mutate', '--known', someRun()], '--known'],
];

const CASES: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [['--nonsense'], /unknown option '--nonsense'/],
  [['--filtre', 'x'], /Did you mean --filter/],
  [['nonsense'], /unknown command "nonsense"/],
  [[''], /unknown command ""/],
  [['--tier', 'huge'], /--tier huge: must be one of quick, full, slow/],
  [
    ['--filter', 'ops.nn.sillu:*'],
    /no case matches "ops\.nn\.sillu:\*": did you mean "ops\.nn\.silu:\*"/,
  ],
  [['--filter', 'silu'], /did you mean "\*silu\*"\? /],
  [['--filter', 'train.soak:*'], /no case of tier quick matches "train\.soak:\*": add --tier full/],
  [['--list', '--filter', 'two words'], /--filter "two words"/],
  [['--list', '--filter', ''], /--filter ""/],
  [['--shard', '3/2'], /--shard 3\/2/],
  [['--shard', 'one'], /--shard one/],
  [['--seed', '-1'], /--seed -1/],
  [['--retries', '1.5'], /--retries 1\.5/],
  [['--timeout', '0'], /--timeout 0/],
  [['--report'], /'--report <file>' argument missing/],
  [['--report', join(folder, 'no', 'such', 'folder.json')], /--report .*no such file or folder/],
  [['--report', folder], /--report .*is a folder/],
  [['--html', folder], /--html .*is a folder/],
  [['--csv', join(folder, 'no', 'such.csv')], /--csv .*no such file or folder/],
  [['--parity', join(folder, 'missing.safetensors')], /--parity .*no such file or folder/],
  [['--parity', file('garbage.safetensors', 'not a bundle')], /garbage\.safetensors/],
  [['--parity', emptyFolder('empty')], /holds no bundle/],
  [['--parity', '/dev/zero'], /--parity \/dev\/zero: .*is a device/],
  [['--runtime', 'nonsense'], /--runtime nonsense: must be chromium or node/],
  [['--model-server', 'https://example.org/m/'], /give the server alone: https:\/\/example\.org$/m],
  [['--model-server', 'http://example.org'], /--model-server .*by https alone/],
  [['--model-server', 'https://example.org', '--headless'], /--model-server .*is for the page/],
  [['--log-to', 'http://localhost:1', '--list'], /--log-to .*is for the page/],
  [['--backend', 'nonsense'], /--backend nonsense: must be webgpu/],
  [['--expect', join(folder, 'missing.json')], /--expect .*no such file or folder/],
  [['--expect', file('bare.json', '{}')], /bare\.json: schema: is missing/],
  [
    ['--last-failed', join(folder, 'missing.json')],
    /report .*missing\.json: cannot be read: no such file or folder/,
  ],
  [['--last-failed', '--parity', folder], /--last-failed runs cases of the plan/],
  [['--list', '--expect', 'known.json'], /--expect: --list runs nothing: give one of the two/],
  [['--list', '--report', join(folder, 'list.json')], /--report: --list runs nothing/],
  [['--list', '--last-failed'], /--last-failed: --list runs nothing/],
  [['--rows'], /--rows: lists every row: give it with --list, and with nothing else/],
  [['--list', '--rows', '--filter', 'ops.*'], /--rows: lists every row/],
  [['--list', '--planned', 'planned.txt'], /--planned: is about rows: add --list --rows/],
  [['--list', '--rows', '--planned', 'no-such.txt'], /--planned no-such\.txt: cannot be read/],
  [['--deadline', '0'], /--deadline 0/],
  [
    ['train', '--config', file('cycles.json', '{"schedule": {"name": "linear", "num_cycles": 2}}')],
    /--config .*cycles\.json: schedule: linear has no "num_cycles"/,
  ],
  [['train', '--config', file('open.json', '{')], /--config .*open\.json: the file is not JSON/],
  [
    ['train', '--data', file('empty.txt', '')],
    /--data .*empty\.txt: the text has 0 bytes and training needs 4096/,
  ],
  [['train', '--data', join(folder, 'missing.txt')], /--data .*no such file or folder/],
  [['train', '--data', '/dev/zero'], /--data \/dev\/zero: .*is a device/],
  [['train', '--steps', 'many'], /--steps many/],
  [['train', '--steps', '0'], /--steps 0: give --model and --adapter/],
  [['train', '--log-to', 'ftp://sink'], /--log-to ftp:\/\/sink: must be an address such as http:/],
  [['train', '--log-to', 'http://a:b@sink'], /--log-to sink: .* name or a password is not taken/],
  [['train', '--log-to', 'http://localhost:1'], /--log-to http:\/\/localhost:1: give --model/],
  [['train', '--profile', folder], /--profile .*: is a folder, not a file/],
  [['train', '--save', 'merged'], /--save merged: give --model/],
  [['train', '--workers', '2'], /--workers: give --model/],
  [['train', '--sharding', 'ddp'], /--sharding: give --model/],
  [['train', '--workers', '0'], /--workers 0/],
  [['train', '--sharding', 'zero'], /--sharding zero: there are ddp, shard_grad_op, full_shard/],
  [['train', '--save', 'onnx'], /--save onnx: there are adapter, merged/],
  [
    ['train', '--model', file('m.gguf', 'GGUF\x03\x00\x00\x00')],
    /--model .*m\.gguf: the file ends at byte 8, in the number of tensors: is it cut off\?/,
  ],
  [['train', '--nonsense'], /unknown option '--nonsense'/],
  [['train', '--keep', '2'], /--keep 2: give --model/],
  [['train', '--keep', '0'], /--keep 0: /],
  [['train', '--checkpoint-every', '5'], /--checkpoint-every 5: give --model/],
  [['train', '--resume', folder], /--resume .*: holds no run to go on with: give the folder/],
  [['mutate', '--sample', '0'], /--sample 0: must be a whole number/],
  [['mutate', '--filter', 'mutate.no.such:*'], /no mutant matches "mutate\.no\.such:\*"/],
  [['mutate', '--seed', '1'], /--seed: only --host draws mutants by a seed/],
  [['mutate', '--host', '--seed', '1'], /--seed: nothing is drawn by it: give it with --sample n/],
  [['mutate', '--deadline', '9'], /--deadline: only --host ends by the clock/],
  [['bench', '--peers', 'torch'], /--peers torch: must be of ort, tfjs, jax, or none/],
  [['bench', '--runtime', 'node', '--peers', 'ort'], /--peers: they need a browser/],
  [
    ['bench', '--filter', 'bench.no-such:*'],
    /no work matches bench\.no-such:\*: npm start -- bench --list prints the ids/,
  ],
  [
    ['bench', '--setting', 'webgp=eager'],
    /--setting webgp=eager: must be .* of webgpu, ort-webgpu/,
  ],
  [['bench', '--self-test', '--filter', 'x:*'], /--filter: --self-test tries the rule alone/],
  [['bench', '--list', '--report', '-'], /--report: --list times nothing/],
  [
    ['bench', '--report', join(folder, 'one'), '--csv', join(folder, 'one')],
    /--report and --csv .*one: are one file: name two/,
  ],
  [
    ['--headless', '--report', join(folder, 'one'), '--junit', join(folder, 'one')],
    /--report and --junit .*one: are one file: name two/,
  ],
  [['matrix', '--report', '-', '--csv', '-'], /--report and --csv -: are one file/],
  [
    ['quantize', '--report', join(folder, 'one'), '--svg', join(folder, 'one')],
    /--report and --svg .*one: are one file/,
  ],
  [
    ['train', '--report', join(folder, 'one'), '--profile', join(folder, 'one')],
    /--report and --profile .*one: are one file/,
  ],
  ...INPUTS.map(
    ([args, option]) =>
      [
        [...args, '--report', args.at(-1) as string],
        new RegExp(`--report .*: would overwrite what ${option} reads: name another file`),
      ] as const,
  ),
  [
    ['train', '--data', file('adapter_config.json', TEXT), '--out', folder],
    /--out .*adapter_config\.json: would overwrite what --data reads/,
  ],
  [['bench', '--samples', '4'], /--samples 4: must be a whole number from 5/],
  [['bench', '--setting', 'eager'], /--setting eager: must be contender=text/],
  [
    ['bench', '--baseline', join(folder, 'missing.json')],
    /--baseline .*missing\.json: cannot be read/,
  ],
  [['bench', '--tuning', 'fastest'], /--tuning fastest: must be checked-in, measured, or a report/],
  [['train', '--tuning', file('f.json', '{}')], /f\.json/],
  [
    ['--tuning', file('no-rows.json', reportWith({ '1: softmax, vendor intel': 'serial' }))],
    /--tuning .*no-rows\.json: environments\[0\]\.tuning: "1: softmax, vendor intel" is no row/,
  ],
  [['--tuning', file('no-env.json', reportWith(undefined))], /no-env\.json: .*no environment/],
  [['--list', '--tuning', 'measured'], /--tuning: --list runs nothing/],
  [['quantize', '--methods', 'nonsense'], /--methods nonsense: no method matches: there are /],
  [['quantize', '--method', 'nonsense'], /no method is named nonsense: give /],
  [
    ['quantize', '--out', join(folder, 'q.safetensors')],
    /--out: say how to quantize with --method/,
  ],
  [['quantize', '--axis', '1'], /--axis: name its method with --method/],
  [['quantize', '--method', 'hqq', '--axis', '2'], /--axis 2: must be 0, 1 or -1/],
  [['quantize', '--method', 'hqq', '--axis', '-1'], /--axis -1 of hqq: give 1 or 0/],
  [['quantize', '--method', 'nf4', '--group', '5'], /--group 5 of nf4: give 64 or /],
  [
    ['quantize', '--method', 'ternary_base3', '--bits', '1.5'],
    /--bits 1.5 of ternary_base3: give 1.6/,
  ],
  [['quantize', '--method', 'nf4', '--bits', 'four'], /--bits four: must be a number/],
  [
    ['quantize', '--data', file('model.safetensors.index.json', '{}')],
    /--data .*index\.json: names files of weights and holds none itself/,
  ],
  [['quantize', '--bits', '4'], /--bits and --group: name their method with --method/],
  [['quantize', '--data', join(folder, 'missing.st')], /--data .*no such file or folder/],
  [
    ['quantize', '--data', file('garbage.st', 'not a file of weights')],
    /--data .*garbage\.st: .*not a safetensors file\?/,
  ],
  [
    ['merge', file('a.json', '{}')],
    /name a file to write: --report, --junit, --html, --csv or --link/,
  ],
  [['merge', file('b.json', '{'), '--report', '-'], /b\.json/],
  [['compare', file('c.json', '{}')], /missing required argument 'after'/],
  [['compare', file('d.json', '{}'), file('e.json', '[]')], /d\.json/],
  [['compare', 'a', 'b', 'c'], /too many arguments/],
  [['train', '--type', 'full'], /--type full: give --model, the folder of a model/],
  [['train', '--type', 'qlora2'], /--type qlora2: there are full, lora, /],
  [['train', '--adapter', folder], /--adapter .*: give --model/],
  [
    ['train', '--model', '/nowhere', '--data', file('t.txt', 'text')],
    /^gradproof: --model \/nowhere: there is no such folder: check the path; give the folder that /m,
  ],
];

const NOT_YET: readonly (readonly string[])[] = [
  ['bench', '--runtime', 'firefox'],
  ['compile', 'model.tri'],
  ['--connect', 'ws://localhost:1'],
  ['--baseline', 'a.json'],
  ['--runtime', 'firefox'],
  ['--runtime', 'deno'],
  ['--backend', 'ort-webgpu'],
];

for (const [args, says] of [
  ...CASES,
  ...NOT_YET.map((args) => [args, /does not exist in this version yet/] as const),
]) {
  const name = `gradproof ${args.map((arg) => arg.replace(folder, '…') || '""').join(' ')}`;
  test(name, { tag: '@full' }, () => isRefused(args, says));
}

test(
  'filters that leave no case are refused, in each combination',
  covers('triton.utilities.k-filter/empty-exits-2').control('wrong use ends as a failure does', {
    file: 'src/cli/exit.ts',
    from: 'usage: 2',
    to: 'usage: 1',
  }),
  async () => {
    await isRefused(['--filter', 'no-such-suite.*'], /no case matches "no-such-suite\.\*"/);
    await isRefused(['--filter', 'ops.nn.silu:*', '--filter', '!ops.*'], /no case matches /);
    await isRefused(['--list', '--filter', 'no-such-suite.*'], /no case matches /);
  },
);

async function isRefused(args: readonly string[], says: RegExp): Promise<void> {
  const { status, stdout, stderr } = await gradproof(args);
  expect(stderr).toMatch(/^gradproof: [^\n]+\n$/);
  expect(stderr).toMatch(says);
  expect(stderr).not.toMatch(/\bat .*:\d+/);
  expect(stdout).toBe('');
  expect(status).toBe(2);
}
