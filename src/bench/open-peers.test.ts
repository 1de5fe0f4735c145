import { describe, expect, test } from 'vitest';
import { ScriptedTime, scripted, work } from './fixtures/scripted.ts';
import type { PeerFiles } from './messages.ts';
import { openedPeers, openPeers } from './open-peers.ts';
import { DEFAULT_BENCH_OPTIONS } from './options.ts';
import { runBench } from './run.ts';

const peers = ['ort', 'tfjs', 'jax'].map((name): PeerFiles => ({ name, folder: '', assets: {} }));
const TF = { name: 'tfjs-webgpu', settings: { default: 30 } } as const;

/** TensorFlow.js opens, and the others do not. */
const load = (time: ScriptedTime) => async (peer: PeerFiles) => {
  if (peer.name === 'tfjs') return [scripted(time, TF)];
  throw new Error(`no ${peer.name}\n    at a place`);
};

const why = (name: string) => ({ code: 'not-opened', message: `could not be opened: no ${name}` });

describe('a peer that cannot be opened', () => {
  test('fails in every work and has no time, and the others are timed', async () => {
    const time = new ScriptedTime();
    const { results, complete } = await runBench(
      {
        works: [work, { ...work, id: 'bench.relu:f32;n=5' }],
        contenders: [
          scripted(time, { name: 'webgpu', settings: { captured: 10 } }),
          ...(await openPeers(peers, load(time))),
        ],
        options: { ...DEFAULT_BENCH_OPTIONS, settings: { 'jax-webgpu': 'jit' } },
        ...{ now: time.now, quantumMs: 1, signal: new AbortController().signal },
      },
      () => {},
    );
    expect(complete).toBe(true);
    expect(results.map(({ backend, status, error }) => [backend, status, error])).toEqual(
      [work.id, 'the other'].flatMap(() => [
        ['webgpu', 'pass', undefined],
        ['ort-webgpu', 'fail', why('ort')],
        ['ort-wasm', 'fail', why('ort')],
        ['tfjs-webgpu', 'pass', undefined],
        ['jax-webgpu', 'fail', why('jax')],
      ]),
    );
    expect(results[1]).not.toHaveProperty('timing');
    expect(results[0]?.metrics?.['ratio']).toBeCloseTo(3, 4);
  });

  test('ends what asks for its cells, with its reason', async () => {
    await expect(openedPeers(peers.slice(2), load(new ScriptedTime()))).rejects.toThrow(
      'jax-webgpu could not be opened: no jax',
    );
    await expect(openedPeers(peers.slice(1, 2), load(new ScriptedTime()))).resolves.toHaveLength(1);
  });
});
