import { expect, test } from 'vitest';
import { command } from './bench.command.ts';

/** What an option makes of its texts. */
const parsed = (name: string, ...texts: string[]) =>
  command.options.find((option) => option.name === name)?.parse(texts);

/** Starts the command with these options; what cannot be is refused before anything is loaded. */
const run = async (given: Record<string, string>) =>
  await command.read((name) => (given[name] === undefined ? [] : [given[name]]), [])();

test('each peer is asked once, in one order', () => {
  expect(parsed('peers', 'jax,ort', 'ort')).toEqual(['ort', 'jax']);
  expect(parsed('peers', 'none')).toEqual([]);
  expect(() => parsed('peers', 'ort,onnx')).toThrow('--peers onnx: must be of ort, tfjs, jax');
});

test('a setting is of a contender that there is', () => {
  expect(parsed('setting', 'webgpu=eager')).toEqual({ webgpu: 'eager' });
  for (const text of ['webgp=eager', 'webgpu=', 'eager'])
    expect(() => parsed('setting', text), text).toThrow(
      `--setting ${text}: must be contender=text, such as webgpu=eager, of webgpu, ort-webgpu, `,
    );
});

test('a contender has one setting, whatever it is', () => {
  expect(parsed('setting', 'webgpu=eager', 'jax-webgpu=jit')).toEqual({
    ...{ webgpu: 'eager', 'jax-webgpu': 'jit' },
  });
  for (const again of ['webgpu=captured', 'webgpu=eager'])
    expect(() => parsed('setting', 'webgpu=eager', 'ort-wasm=a', again)).toThrow(
      `--setting ${again}: webgpu has one already, eager: give one for each contender`,
    );
});

test('what a list or a trial of the rule has no use for is refused', async () => {
  await expect(run({ list: '', report: 'a' })).rejects.toThrow('--report: --list times nothing');
  await expect(run({ list: '', 'self-test': '' })).rejects.toThrow('--self-test: --list times');
  for (const [name, text] of Object.entries({
    ...{ filter: 'matmul:*', peers: 'none', setting: 'webgpu=eager', baseline: 'b.json' },
  }))
    await expect(run({ 'self-test': '', [name]: text }), name).rejects.toThrow(
      `--${name}: --self-test tries the rule alone: give one of the two`,
    );
});
