import { describe, expect, test } from 'vitest';
import { covers } from '../../../catalog/covers.ts';
import type { StoredTensors } from '../../../formats/parity-bundle/check.ts';
import { float64Of } from '../../../formats/safetensors/stored.ts';
import { judge } from '../../../reference/judge.ts';
import { type LlamaRun, llamaRun } from '../../../reference/llama/run.ts';
import { storedRunner } from '../../../reference/step/stored-runner.ts';
import { worthOf } from '../planted.ts';
import { recordingOf } from './fixtures/recording.ts';
import { RunLimits } from './run-limits.ts';
import { startOf } from './start.ts';
import { type JudgedState, judgedStates } from './state-questions.ts';

const RECORDINGS = [
  ...(['llama_full_8bit', 'llama_qlora_8bit', 'llama_dora_bf16'] as const),
  ...(['llama_qlora_8bit_200_steps', 'llama_dora_bf16_200_steps'] as const),
  ...(['llama_lora_fp16_scaled_200_steps', 'llama_bnb_dora_8bit_fp16_scaled'] as const),
] as const;

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

describe('a step that was left out', () => {
  const name = 'llama_lora_8bit_fp16_overflow';
  const query = 'model.layers.0.self_attn.q_proj.lora_A';

  test('leaves parameters and moments as they were', async () => {
    const states = await statesIn(name);
    const ninth = states.find(({ step }) => step === 9) as JudgedState;
    const norm = ninth.questions.find((one) => one.name.startsWith('norm, '));
    expect([...(norm?.truth.data ?? [])]).toEqual([Number.NaN]);
    expect(wrongIn(states)).toEqual([]);
  });

  test.each([
    ['exp_avg', 1.01],
    ['exp_avg_sq', 1.01],
    ['exp_avg_absmax', 1.01],
    ['exp_avg_sq_absmax', 1.01],
    ['', 1.01],
  ])('is wrong where it changed them: %s', async (part, factor) => {
    const of = [query, part].filter((one) => one).join('.');
    const { outputs } = recordingOf(name);
    const stored = float64Of(outputs[`state.10.${of}`] as NonNullable<StoredTensors[string]>);
    const at = stored.findIndex((x) => x !== 0);
    const wrong = wrongIn(await statesIn(name, strayed(`state.10.${of}`, at, factor)));
    expect(wrong).toContain(`${part || 'param'} ${query}, step 9 from its state,`);
  });
});

describe('a step that torch alone left out, whose own factors overflow', () => {
  const name = 'llama_lora_fp16_scaled_200_steps';
  const overflowed = strayed('grad_norms', 199, Number.NaN);
  /** The outcome of the last step is what stood before it. */
  const unmoved = (outputs: StoredTensors): StoredTensors => {
    const same = Object.keys(outputs).flatMap((one) => {
      const before = outputs[one.replace('lora.', 'state.200.')];
      return one.startsWith('lora.') && before ? [[one, before] as const] : [];
    });
    return { ...outputs, ...Object.fromEntries(same) };
  };

  test('is right where it left all as it was', async () => {
    const states = await statesIn(name, (all) => overflowed(unmoved(all)));
    expect(wrongIn(states)).toEqual([]);
    expect(states.at(-1)?.questions.map(({ name: one }) => one.split(' ')[0])).toEqual([
      'loss,',
      ...new Array(4).fill('param'),
    ]);
  });

  test('is wrong where it moved, or its loss strays', async () => {
    expect(wrongIn(await statesIn(name, overflowed))).toHaveLength(4);
    const loss = strayed('losses', 199, 1.02);
    const wrong = wrongIn(await statesIn(name, (all) => loss(overflowed(unmoved(all)))));
    expect(wrong).toEqual(['loss, step 200 from its state,']);
  });
});

describe('of an error of 1 % is noticed', () => {
  /** In how many elements, by what they are of. */
  async function noticedIn(name: string) {
    const counts: Record<string, string> = {};
    for (const { questions } of (await statesIn(name)).slice(1)) {
      for (const { name: what, ...asked } of questions) {
        const [kind = ''] = what.split(/ |,/);
        const isCode = asked.acceptance.kind === 'codes' && kind !== 'param';
        const { planted, noticed } = worthOf([{ ...asked, dtype: isCode ? 'U8' : 'F32' }]);
        const [before = 0, all = 0] = counts[kind]?.split(' of ').map(Number) ?? [];
        counts[kind] = `${before + noticed} of ${all + planted}`;
      }
    }
    return counts;
  }

  test('all of moments in 8 bits', async () => {
    const { loss, norm, param } = await noticedIn('llama_qlora_8bit_200_steps');
    expect({ loss, norm, param }).toEqual({ loss: '4 of 4', norm: '4 of 4', param: '72 of 72' });
    expect(await noticedIn('llama_hqq_lora_8bit')).toEqual({
      ...{ loss: '3 of 3', norm: '3 of 3', param: '168 of 168' },
      ...{ exp_avg: '84 of 84', exp_avg_sq: '84 of 84' },
      ...{ exp_avg_absmax: '4 of 4', exp_avg_sq_absmax: '4 of 4' },
    });
  });

  test('of products in halves what was trained', async () => {
    const { param: bfloat16 } = await noticedIn('llama_dora_bf16_200_steps');
    const { param: float16 } = await noticedIn('llama_lora_fp16_scaled_200_steps');
    expect({ bfloat16, float16 }).toEqual({ bfloat16: '95 of 96', float16: '84 of 84' });
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
