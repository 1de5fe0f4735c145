import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { validateReport } from '../report/validate.ts';
import { trainingConfigOf } from '../train/llama/config/read-training-config.ts';
import type { AnswerPart } from '../train/llama/question.ts';
import { Questions } from './tuning/questions.ts';
import { type TuningEvent, tune } from './tuning.ts';
import { startNodeWorker } from './worker/node-link.ts';

/** Fine-tuning over real child processes that follow a script. */

const WORKER = fileURLToPath(new URL('./tuning/fixtures/worker.mjs', import.meta.url));
const ENVIRONMENT = {
  runtime: 'node',
  runtimeVersion: '20',
  os: 'linux',
  cores: 2,
  features: [],
  limits: {},
  tuning: {},
  adapter: { vendor: 'none', architecture: '', device: '', description: '', isFallback: true },
  probe: { rounding: 'nearest' },
};

async function play(
  behaviour: string,
  act: (event: TuningEvent, abort: AbortController) => void = () => {},
  questions?: Questions,
) {
  const abort = new AbortController();
  const told: TuningEvent['type'][] = [];
  const env = {
    ENVIRONMENT: JSON.stringify(ENVIRONMENT),
    BEHAVIOUR: behaviour,
    PATH: process.env['PATH'],
  };
  const { report, files } = await tune(
    { cases: new Map(), startWorker: () => startNodeWorker(WORKER, env) },
    {
      ...{ folder: { kind: 'path', path: '/nowhere' }, name: 'tiny', base: 'tiny', texts: [] },
      ...{ config: trainingConfigOf({ seed: 7 }), steps: 5 },
    },
    (event) => {
      told.push(event.type);
      act(event, abort);
    },
    abort.signal,
    { questions },
  );
  return {
    report: validateReport(report, 'the report'),
    files: files.map(({ name }) => name),
    told,
  };
}

test('the outcome has what was trained, and what is wrong with it', async () => {
  const { report, files, told } = await play('finish');
  expect(report).toMatchObject({ kind: 'train', run: { complete: true, seed: 7 } });
  expect(report.results[0]).toMatchObject({ id: 'train.qlora:tiny;seed=7;steps=5' });
  expect(files).toEqual(['adapter_config.json', 'wrong.safetensors']);
  expect(told).toEqual(['environment', 'step', 'step', 'saved', 'end']);
});

test.each([
  ['die', []],
  ['die-after-saving', ['adapter_config.json']],
])(
  'of a worker that goes on with "%s" curves are kept, and what is saved: %j',
  async (behaviour, saved) => {
    const { report, files } = await play(behaviour);
    expect(report.results[0]).toMatchObject({
      id: 'train.qlora:tiny;seed=7;steps=5',
      suite: 'train.qlora',
      status: 'lost',
      error: {
        code: 'worker-died',
        message: 'the worker process ended with status 7 after step 2',
      },
      series: { loss: [5.4, 5.3] },
    });
    expect([report.run.complete, files]).toEqual([true, saved]);
  },
);

test('a cancelled run ends after its step, is partial and leaves what was trained', async () => {
  const { report, files } = await play('wait', (event, abort) => {
    if (event.type === 'step' && event.step === 2) abort.abort();
  });
  expect([report.run.complete, report.results[0]?.status]).toEqual([false, 'pass']);
  expect(files).toContain('adapter_config.json');
});

test('a run that has made its last step is whole, even if its talk is cancelled', async () => {
  const { report } = await play('talk', (event, abort) => {
    if (event.type === 'talking') abort.abort();
  });
  expect(report.run.complete).toBe(true);
});

test('a question is asked as soon as a run follows, answers go to who asked, and the talk is closed', async () => {
  const questions = new Questions();
  const heard: AnswerPart[][] = [[], []];
  const drop = questions.ask({ prompt: [1], maxTokens: 1 }, (part) => void heard[0]?.push(part));
  const act = (event: TuningEvent) => {
    if (event.type !== 'talking') return;
    questions.ask({ prompt: [1], maxTokens: 2 }, (part) => {
      heard[1]?.push(part);
      drop();
      questions.close();
    });
  };
  const { report } = await play('talk', act, questions);
  expect(report.summary.passed).toBe(1);
  expect(heard).toEqual([
    [{ type: 'end', by: 'tuned', step: 2 }],
    [{ type: 'end', by: 'frozen', step: 2 }],
  ]);
});
