import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { Random } from '../../src/tensor/random.ts';
import { descendants, kill } from '../processes.ts';
import { killsOf, SEED } from '../soak.ts';
import { gradproof } from './gradproof.ts';
import { expect, test } from './scratch.ts';
import { logIn, SETTINGS, tinyModel } from './tiny-model.ts';

const KILLS = killsOf(3);

/** A model to train, and the arguments that train it: longer than it takes to end it. */
function runOf(folder: string, steps = 40) {
  const settings = { ...SETTINGS, judge_steps: 0, eval_steps: 7, lora: lora(0.1) };
  return [...tinyModel(folder, settings), '--type', 'lora', '--steps', `${steps}`];
}
const lora = (lora_dropout: number) => ({ ...SETTINGS.lora, lora_dropout });

const adapterIn = (out: string) => readFileSync(join(out, 'adapter_model.safetensors'));

/** The log without what the clock, memory and an end before the last step tell. */
const courseIn = (out: string) =>
  logIn(out)
    .filter(({ loss }) => loss !== undefined)
    .map(({ step, epoch, loss, grad_norm, learning_rate, tokens }) => ({
      ...{ step, epoch, loss, grad_norm, learning_rate, tokens },
    }));

const checkpointsIn = (out: string): readonly string[] => {
  const place = join(out, 'checkpoints');
  return existsSync(place) ? readdirSync(place).filter((name) => /^step/.test(name)) : [];
};

/** A run that is not cut short, in a folder of its own. */
async function uninterrupted(folder: string, args: readonly string[]): Promise<string> {
  const out = join(folder, 'whole');
  const { status, stderr } = await gradproof([...args, '--out', out]);
  expect([status, stderr]).toEqual([0, '']);
  return out;
}

test(`a run that is killed ${KILLS} times, at random and while it writes, leaves the bits of one that was not`, {
  tag: '@full',
}, async ({ folder }) => {
  test.setTimeout(600_000 + KILLS * 60_000);
  const args = runOf(folder);
  const whole = await uninterrupted(folder, args);
  const random = new Random(SEED);
  let out = join(folder, 'out-0');
  let runs = 1;
  for (let kills = 0; kills < KILLS; ) {
    const begun = existsSync(join(out, 'checkpoints', 'run.json'));
    const start = begun ? ['train', '--resume', out] : [...args, '--out', out];
    const more = ['--checkpoint-every', '1', '--keep', '2'];
    const inWrite = kills % 2 === 0;
    // From the first checkpoint of this process on.
    let at = Number.POSITIVE_INFINITY;
    const before = new Set(checkpointsIn(out));
    const killWhen = () => {
      const names = checkpointsIn(out);
      if (at === Number.POSITIVE_INFINITY && names.some((name) => !before.has(name)))
        at = performance.now() + random.uniform(0, 1500);
      return performance.now() > at && (!inWrite || names.some((name) => name.endsWith('.part')));
    };
    const { status } = await gradproof([...start, ...more], { killWhen });
    const files = checkpointsIn(out).filter((name) => !name.endsWith('.part'));
    expect(files.length, `after ${kills} kills`).toBeLessThanOrEqual(4);
    if (status === null) kills += 1;
    else {
      // It ended before it was killed: the next one begins anew.
      expect([status, adapterIn(out).equals(adapterIn(whole))]).toEqual([0, true]);
      out = join(folder, `out-${runs++}`);
    }
  }
  if (!existsSync(join(out, 'checkpoints', 'run.json'))) return;
  const last = await gradproof(['train', '--resume', out]);
  expect([last.status, last.stderr]).toEqual([0, '']);
  expect(adapterIn(out)).toEqual(adapterIn(whole));
  expect(courseIn(out)).toEqual(courseIn(whole));
  expect(readdirSync(join(out, 'checkpoints')).filter((name) => /part$|^lock/.test(name))).toEqual(
    [],
  );
});

test('a run that Ctrl-C ended goes on, says how, and is refused with other options', {
  tag: '@full',
}, async ({ folder }) => {
  const args = runOf(folder, 30);
  const whole = await uninterrupted(folder, args);
  const out = join(folder, 'out');
  const cut = await gradproof([...args, '--out', out], { interruptAt: /^step 10:/m });
  expect(cut.status).toBe(130);
  expect(cut.stdout).toContain(`Go on with: npm start -- train --resume ${out}`);
  const step = Number(/^Stopped after step (\d+)/m.exec(cut.stdout)?.[1]);
  expect(checkpointsIn(out)).toContain(`step-${String(step).padStart(8, '0')}.safetensors`);

  const again = await gradproof([...args, '--out', out]);
  expect([again.status, again.stdout]).toEqual([2, '']);
  expect(again.stderr).toMatch(
    /^gradproof: --out .*: holds a run that was cut short after step \d+ of 30: go on with --resume /,
  );
  const others = ['--steps', '41', '--seed', '7', '--tuning', 'checked-in'];
  const refused = await gradproof(['train', '--resume', out, ...others]);
  expect([refused.status, refused.stdout]).toEqual([2, '']);
  expect(refused.stderr.trim().split('\n')).toEqual([
    expect.stringMatching(/--steps 41: the run of .* was begun with 30: leave it out/),
    expect.stringMatching(/--seed 7: the run of .* was begun with none/),
    expect.stringMatching(/--tuning checked-in: .* goes on by the table/),
  ]);

  const resumed = await gradproof(['train', '--resume', out, ...args.slice(1)]);
  expect([resumed.status, resumed.stderr]).toEqual([0, '']);
  expect(resumed.stdout).toContain(`it goes on after step ${step}`);
  expect(adapterIn(out)).toEqual(adapterIn(whole));
  for (const name of ['adapter_config.json'])
    expect(readFileSync(join(out, name))).toEqual(readFileSync(join(whole, name)));
  expect(courseIn(out)).toEqual(courseIn(whole));

  const log = readFileSync(join(out, 'log.jsonl'), 'utf8');
  const ended = await gradproof(['train', '--resume', out]);
  expect(ended.stdout).toContain('the run has ended after 30 steps');
  expect(readFileSync(join(out, 'log.jsonl'), 'utf8')).toBe(log);

  // What has ended makes way for another run.
  const anew = await gradproof([...args, '--out', out]);
  expect([anew.status, adapterIn(out).equals(adapterIn(whole))]).toEqual([0, true]);
});

test('another model, other texts, and what is damaged are each refused or left out by name', {
  tag: '@full',
}, async ({ folder }) => {
  const args = runOf(folder);
  const out = join(folder, 'out');
  const every = ['--checkpoint-every', '4', '--keep', '3'];
  await gradproof([...args, ...every, '--out', out], { interruptAt: /^step 20:/m });
  const resume = () => gradproof(['train', '--resume', out]);
  const data = join(folder, 'text.txt');
  const weights = join(folder, 'model', 'model.safetensors');
  for (const [path, says] of [
    [data, /the checkpoint is of another run: the texts are others/],
    [weights, /the checkpoint is of another run: the weights of the model are others/],
  ] as const) {
    const own = readFileSync(path);
    const other = Buffer.from(own);
    other[own.length - 3] = (own[own.length - 3] as number) ^ 1;
    writeFileSync(path, other);
    const { status, stdout, stderr } = await resume();
    writeFileSync(path, own);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(says);
  }

  const names = [...checkpointsIn(out)].sort();
  const newest = join(out, 'checkpoints', names.at(-1) as string);
  const bytes = readFileSync(newest);
  writeFileSync(newest, bytes.subarray(0, bytes.length / 2));
  const { status, stdout, stderr } = await resume();
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^a checkpoint is left out: step-\d+\.safetensors: the file is cut off/m);
  const before = Number(/\d+/.exec(names.at(-2) as string));
  expect(stdout).toContain(`it goes on after step ${before}`);
});

test('checkpoints need a folder', async ({ folder }) => {
  const args = runOf(folder);
  const every = ['--keep', '3', '--checkpoint-every', '5'];
  const without = await gradproof([...args, ...every]);
  expect([without.status, without.stdout]).toEqual([2, '']);
  expect(without.stderr).toMatch(
    /^.*--checkpoint-every 5: give --out, .*\n.*--keep 3: give --out, .*\n$/,
  );
});

test('a run in a browser that is killed goes on in another, to the same bits', {
  tag: '@full',
}, async ({ folder }) => {
  const args = [...runOf(folder, 24), '--runtime', 'chromium', '--save', 'merged-float16'];
  const whole = await uninterrupted(folder, args);
  const out = join(folder, 'out');
  let killed = 0;
  const cut = await gradproof([...args, '--checkpoint-every', '3', '--out', out], {
    onOutput: (said) => {
      if (killed > 0 || !/^step 10:/m.test(said)) return;
      for (const pid of descendants(/--type=renderer/)) killed += Number(kill(pid, 'SIGKILL'));
    },
  });
  expect([cut.status, cut.stderr, killed > 0]).toEqual([1, '', true]);
  expect(cut.stdout).toContain(`Go on with: npm start -- train --resume ${out}`);
  const elsewhere = await gradproof(['train', '--resume', out, '--runtime', 'node']);
  expect([elsewhere.status, elsewhere.stdout]).toEqual([2, '']);
  expect(elsewhere.stderr).toMatch(/--runtime node: the run of .* was begun with chromium/);

  const resumed = await gradproof(['train', '--resume', out]);
  expect([resumed.status, resumed.stderr]).toEqual([0, '']);
  expect(resumed.stdout).toMatch(/^it goes on after step (9|12|15|18|21)$/m);
  for (const name of ['model.safetensors', 'config.json', 'adapter/adapter_model.safetensors'])
    expect(readFileSync(join(out, name)).equals(readFileSync(join(whole, name))), name).toBe(true);
  const { tensors } = readSafetensors(readFileSync(join(out, 'model.safetensors')));
  expect(tensors.get('model.embed_tokens.weight')?.dtype).toBe('F16');
  expect(courseIn(out)).toEqual(courseIn(whole));
});

test('while a process writes into a folder, no other one does', { tag: '@long' }, async ({
  folder,
}) => {
  const place = join(folder, 'out', 'checkpoints');
  mkdirSync(place, { recursive: true });
  const sleeper = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 1e6)']);
  const args = [...runOf(folder, 3), '--out', join(folder, 'out')];
  try {
    const stat = readFileSync(`/proc/${sleeper.pid}/stat`, 'utf8');
    writeFileSync(join(place, 'lock'), `${sleeper.pid} ${stat.split(' ')[21]}`);
    const { status, stderr } = await gradproof(args);
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(new RegExp(`--out .*: process ${sleeper.pid} writes its checkpoints`)),
    ]);
  } finally {
    sleeper.kill();
  }
  await new Promise((resolve) => sleeper.once('close', resolve));
  expect((await gradproof(args)).status).toBe(0);
});
