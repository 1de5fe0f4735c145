import { expect, test } from 'vitest';
import { relu } from '../vocabulary/math/relu.ts';
import { drawnCall, drawnTensors } from './drawn.ts';
import { ScriptedTime, scripted, work } from './fixtures/scripted.ts';
import { DEFAULT_BENCH_OPTIONS } from './options.ts';
import { CallOracle } from './oracle.ts';
import { type Pause, pauseOf } from './pause.ts';
import { runBench } from './run.ts';
import { GenerationOracle } from './steps/generation-oracle.ts';
import { StepOracle } from './steps/oracle.ts';
import type { GenerationWork, LlamaStep } from './work.ts';
import { stepWork } from './works/steps.ts';

const MLP = stepWork({ model: 'mlp', batch: 3, inputs: 7, hidden: 5, classes: 4 }, {});
const LLAMA: LlamaStep = {
  model: 'llama-lora',
  ...{ batch: 1, tokens: 5, width: 8, intermediate: 12, layers: 1, heads: 2 },
  ...{ vocabulary: 11, rank: 2 },
};
const GENERATION: GenerationWork = {
  ...{ ...stepWork(LLAMA, {}), kind: 'generation', step: LLAMA, part: 'prompt' },
};
const NOTHING = { outputs: {}, gradients: {} };
const STOP = new Error('stop');

/** Ends what pauses at its `at`-th pause. */
function endingAt(at: number): Pause & { readonly count: () => number } {
  let count = 0;
  const pause = async () => {
    if (++count === at) throw STOP;
  };
  return Object.assign(pause, { count: () => count });
}

test.each([
  ['step', (pause: Pause) => new StepOracle(MLP, pause).judge(NOTHING), 12],
  ['generation', (pause: Pause) => new GenerationOracle(GENERATION, pause).judge(NOTHING), 10],
  ['call', (pause: Pause) => new CallOracle({ ...drawnCall(work) }).learn(pause), 2],
])('the oracle of a %s ends between its parts', async (_, judge, parts) => {
  const pause = endingAt(parts);
  await expect(judge(pause)).rejects.toBe(STOP);
  expect(pause.count()).toBe(parts);
});

test('the oracle of gradients ends between those too', async () => {
  const { inputs } = drawnCall(work);
  const call = { op: relu, params: {}, inputs, grads: { y: inputs['x'] as never } };
  const pause = endingAt(4);
  await expect(new CallOracle(call).learn(pause)).rejects.toBe(STOP);
});

test('a pause hears what came meanwhile, though not at every call', async () => {
  const ended = new AbortController();
  let ms = 0;
  const pause = pauseOf(ended.signal, () => ms);
  setTimeout(() => ended.abort(STOP));
  ms = 49;
  await pause();
  ms = 50;
  await expect(pause()).rejects.toBe(STOP);
});

test('a bench that is to end while its oracle computes ends there', async () => {
  const ended = new AbortController();
  const time = new ScriptedTime();
  // More than a pause is apart: two layers of a quarter million weights, three steps.
  const large = stepWork(
    { ...MLP.step, model: 'mlp', batch: 64, inputs: 784, hidden: 256, classes: 10 },
    {},
  );
  drawnTensors(large);
  let isOver = false;
  const ours = scripted(time, { name: 'webgpu', settings: { captured: 4 } });
  const { results, complete } = await runBench(
    {
      works: [large],
      contenders: [
        {
          ...ours,
          prepare: async () => ({
            ...(await ours.prepare(work, 'captured')),
            results: async () => {
              setTimeout(() => {
                ended.abort();
                isOver = true;
              });
              return NOTHING;
            },
          }),
        },
      ],
      options: DEFAULT_BENCH_OPTIONS,
      ...{ now: time.now, quantumMs: 1, signal: ended.signal },
    },
    () => {},
  );
  expect([results, complete, isOver]).toEqual([[], false, true]);
});
