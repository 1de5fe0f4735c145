import { describe, expect, test } from 'vitest';
import { covers } from '../../../catalog/covers.ts';
import type { StoredTensors } from '../../../formats/parity-bundle/check.ts';
import { float64Of } from '../../../formats/safetensors/stored.ts';
import { judge } from '../../../reference/judge.ts';
import { type LlamaRun, llamaRun } from '../../../reference/llama/run.ts';
import { storedRunner } from '../../../reference/step/stored-runner.ts';
import { recordingOf } from './fixtures/recording.ts';
import { RunLimits } from './run-limits.ts';
import { startOf } from './start.ts';
import { type JudgedState, judgedStates } from './state-questions.ts';

const RECORDINGS = ['llama_full_8bit', 'llama_qlora_8bit', 'llama_dora_bf16'] as const;

function statesIn(name: string, change: (outputs: StoredTensors) => StoredTensors = (all) => all) {
  const { params, inputs, outputs } = recordingOf(name);
  return judgedStates(params, startOf(params, inputs), change(outputs));
}

/** What of a recording is not right by its states. */
function wrongIn(states: readonly JudgedState[]): readonly string[] {
  return states.flatMap(({ questions }) =>
    questions.flatMap(({ name, actual, truth, acceptance, unjudged }) =>
      judge(actual, truth, acceptance, unjudged).ok ? [] : [name],
    ),
  );
}

/** A tensor with one element multiplied. */
function strayed(name: string, at: number, factor: number) {
  return (outputs: StoredTensors): StoredTensors => {
    const stored = outputs[name] as NonNullable<StoredTensors[string]>;
    const data = float64Of(stored).map((x, i) => (i === at ? x * factor : x));
    const bytes = new Uint8Array(new Float64Array(data).buffer);
    return { ...outputs, [name]: { ...stored, dtype: 'F64', bytes } };
  };
}

describe.each(RECORDINGS)('%s', (name) => {
  test('each recorded state leads to what was recorded after it', async () => {
    const states = await statesIn(name);
    expect(states.length).toBeGreaterThan(1);
    expect(wrongIn(states)).toEqual([]);
    // Loss, norm, and of the last step every parameter.
    const outcomes = states.at(-1)?.questions.filter(({ name: one }) => one.startsWith('param '));
    expect(outcomes?.length).toBeGreaterThan(0);
  });
});

test(
  'of moments in 8 bits the curve is held for 20 steps, and what comes later from its state',
  covers('fsdp.training.qlora-convergence/state-bundles').control(
    'a loss may be anything from a state',
    {
      file: 'src/reference/llama/one-step.ts',
      from: 'const relative = autocast ? IN_HALVES : RELATIVE;',
      to: 'const relative = autocast ? IN_HALVES : 1;',
    },
  ),
  async () => {
    const { params, inputs, outputs } = recordingOf('llama_qlora_8bit');
    const losses = { shape: [params.steps], data: new Float64Array(params.steps) };
    const limits = new RunLimits(startOf(params, inputs), true);
    const unheld = [...limits.unjudged('losses', losses)];
    expect(unheld).toEqual([...new Array(20).fill(0), 1, 1, 1, 1, 1]);
    const last = params.steps - 1;
    const states = await judgedStates(
      params,
      startOf(params, inputs),
      strayed('losses', last, 1 + 1.5e-4)(outputs),
    );
    expect(states.map(({ step }) => step)).toEqual([1, 10, 20, 25]);
    expect(wrongIn(states)).toEqual(['loss, step 25 from its state,']);
  },
);

describe('what strays from its state is seen', () => {
  test.each([
    ['llama_full_8bit', 'losses', 1.5e-4],
    ['llama_full_8bit', 'grad_norms', 2e-4],
    ['llama_dora_bf16', 'losses', 1.5e-2],
  ])('%s: %s by %f', async (name, curve, factor) => {
    const { params } = recordingOf(name);
    const what = curve === 'losses' ? 'loss' : 'norm';
    const states = await statesIn(name, strayed(curve, params.steps - 1, 1 + factor));
    expect(wrongIn(states)).toEqual([`${what}, step ${params.steps} from its state,`]);
  });

  test('a parameter that began elsewhere, and codes of a moment that are others', async () => {
    const head = 'lm_head.weight';
    const moved = strayed(`state.1.${head}`, 7, 1.01);
    const codes = strayed(`state.2.${head}.exp_avg`, 3, 0.5);
    const wrong = wrongIn(await statesIn('llama_full_8bit', (all) => codes(moved(all))));
    expect(wrong).toContain(`param ${head}, before the first step,`);
    expect(wrong).toContain(`exp_avg ${head}, step 1 from its state,`);
  });
});

describe('another step than the recorded one is not right', () => {
  const { optimizer } = startOf(
    recordingOf('llama_full_8bit').params,
    recordingOf('llama_full_8bit').inputs,
  );
  const asBefore = ({ input_ids }: LlamaRun): LlamaRun['labels'] => ({
    ...input_ids,
    data: input_ids.data.map((_, i) => input_ids.data[Math.max(0, i - 1)] as number),
  });
  const wrong: Readonly<Record<string, (run: LlamaRun) => Partial<LlamaRun>>> = {
    'no bias correction': (run) => ({
      optimizer: { ...run.optimizer, bias_correction: false },
    }),
    'shifted labels': (run) => ({ labels: asBefore(run) }),
    'nothing that moves': (run) => ({ optimizer: { ...run.optimizer, lr: 0 } }),
    'another decay': (run) => ({ optimizer: { ...run.optimizer, weight_decay: 0.5 } }),
  };
  const of = ['llama_full_8bit', 'llama_dora_bf16'].flatMap((name) =>
    Object.keys(wrong).map((what) => [name, what] as const),
  );
  test.each(of)('%s: %s', async (name, what) => {
    expect(optimizer.optimizer).toBe('adamw8bit');
    const { run, expect: expected } = (await statesIn(name)).at(-1) as JudgedState;
    const runner = storedRunner(run.autocast ? 'float64' : 'float32');
    const right = expected(await llamaRun(run, runner));
    const other = expected(await llamaRun({ ...run, ...wrong[what]?.(run) }, runner));
    const out = (all: typeof right) =>
      all.filter((one) => !judge(one.actual, one.truth, one.acceptance, one.unjudged).ok).length;
    expect(out(right)).toBe(0);
    expect(out(other)).toBeGreaterThan(0);
  });
});
