import { Tape } from '../../src/autograd/tape.ts';
import { Scope } from '../../src/gpu/scope.ts';
import type { Application } from '../../src/graph/call.ts';
import type { Llama } from '../../src/models/llama/llama.ts';
import { isQuantized } from '../../src/quant/weight.ts';
import { multiplied } from '../../src/quantizer/coding.ts';
import { hostTensorFrom, valuesOf } from '../../src/tensor/host.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { judgeApplications } from '../../src/testing/judge-step.ts';
import { suite } from '../../src/testing/suite.ts';
import { drawn, quantizerOf } from '../quantizer/drawn.ts';
import { hashesOf } from './llama-types/hashes.ts';
import { FEW_TOKENS, NARROW, type TinyLlama, tinyLlama } from './llama-types/tiny-llama.ts';
import { fallOf, opened, settingsOf, textsOf, typeRun } from './llama-types/type-run.ts';

export const qloraConvergence = suite('train.qlora-convergence', {
  description:
    'Adapters over a TinyLlama in NF4 with double quantization: its bytes, its gradient, what is learnt',
});

const ROW = 'fsdp.training.qlora-convergence';
const RATE = 5e-3;
const settings = (fields: object = {}) =>
  settingsOf('qlora', {
    ...{ quantization: { bnb_4bit_use_double_quant: true }, learning_rate: RATE },
    ...fields,
  });

/** Bytes of the ledger that a model holds. */
async function heldBy(t: CaseContext, tiny: TinyLlama, type: 'lora' | 'qlora'): Promise<number> {
  const { memory } = t.gpu;
  const before = memory.ledger.liveBytes;
  using model = await opened(t, tiny, type === 'qlora' ? settings() : settingsOf(type));
  const isCoded = model.names.some((name) => isQuantized(model.view(name)));
  t.expect(isCoded === (type === 'qlora'), () => `the base of ${type} is in the other form`);
  return memory.ledger.liveBytes - before;
}

/** The catalog's: 4 of a code, 8 / 64 and 32 / (64 * 256) of scales, and an offset. */
const MOST_BITS = 4.128;
/** Bytes of the table that codes of scales are decoded by; each weight has its own. */
const MAP_BYTES = 4 * 256;

qloraConvergence
  .case('bits')
  .tier('full')
  .timeout(60_000)
  .covers(`${ROW}/bits-per-weight`)
  .desc(
    'By the ledger the 28 linears of a TinyLlama take 4.128 bits a number at most, beside the tables that codes are decoded by.',
  )
  .control('scales stay in floats', (fault) =>
    fault.host(
      'quantizer.four_bit_scheme',
      (original) => (format: object, choice: object) =>
        original(format, { ...choice, quantScale: false }),
    ),
  )
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS);
    const linears = [...tiny.weights].filter(([name]) => name.endsWith('_proj.weight'));
    const numbers = linears.reduce((sum, [, { shape }]) => sum + sizeOf(shape), 0);
    // The same model in floats holds all else, adapters among it.
    const saved = (await heldBy(t, tiny, 'lora')) - (await heldBy(t, tiny, 'qlora'));
    const coded = 4 * numbers - saved - linears.length * MAP_BYTES;
    const bits = (8 * coded) / numbers;
    t.metric('bits', bits);
    t.expect(linears.length === 28, () => `there are ${linears.length} linears`);
    t.expect(bits >= 4 && bits <= MOST_BITS, () => `a number takes ${bits} bits`);
  });

const STEPS = 20;

qloraConvergence
  .case('packed')
  .tier('full')
  .timeout(120_000)
  .covers(`${ROW}/packed-hash-unchanged`)
  .desc(
    'Twenty steps change every adapter, and no bit of codes, scales and their scales: each part of each weight has the SHA-256 that it had.',
  )
  .control('a step writes over a code of the weight below', (fault) =>
    fault.launch('lora_linear.forward', ([gpu, inputs, ...rest]) => {
      const { packed } = inputs as { readonly packed?: Tensor };
      packed?.write(hostTensorFrom('u8', packed.shape, new Uint8Array(packed.size).fill(0x77)));
      return [gpu, inputs, ...rest];
    }),
  )
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS, NARROW);
    const config = settings({ max_steps: STEPS });
    const codes = async (model: Llama) => {
      const all = await hashesOf(model);
      const coded = [...all].filter(([name]) => isQuantized(model.view(name)));
      return { coded: new Map(coded), adapters: await model.parameters.read() };
    };
    const before = await (async () => {
      using model = await opened(t, tiny, config);
      return await codes(model);
    })();
    let after = { ...before, coded: new Map<string, string>() };
    const finish = async (model: Llama) => {
      after = await codes(model);
    };
    await typeRun(t, tiny, { config, texts: textsOf(t, tiny), finish });
    t.expect(before.coded.size === 14, () => `${before.coded.size} linears are in codes`);
    for (const [name, hash] of before.coded)
      t.expect(after.coded.get(name) === hash, () => `${name} is not what it was`);
    for (const [name, host] of Object.entries(before.adapters)) {
      const now = valuesOf(after.adapters[name] ?? host);
      const isSame = valuesOf(host).every((x, i) => x === now[i]);
      t.expect(!isSame, () => `${name} was not trained`);
    }
  });

/** The widest linear of a TinyLlama, and rows that are no whole tile. */
const DOWN = [256, 512] as const;
const ROWS = 19;

qloraConvergence
  .case('gradient')
  .tier('full')
  .timeout(60_000)
  .covers(`${ROW}/dx-within-bound`)
  .desc(
    'The gradient that a down_proj in NF4 with double quantization sends back is within its bound of that in float64, by the very codes and scales.',
  )
  .control('codes are decoded by another table', (fault) =>
    fault.launch('matmul_4bit.backward', ([gpu, context, variant]) => [
      gpu,
      { ...context, params: { ...context.params, quant_type: 'fp4' } },
      variant,
    ]),
  )
  .run(async (t) => {
    using weight = Tensor.from(t.gpu, drawn(t, 0, DOWN));
    using x = Tensor.from(t.gpu, drawn(t, 1, [ROWS, DOWN[1]]));
    using dy = Tensor.from(t.gpu, drawn(t, 2, [ROWS, DOWN[0]]));
    using made = new Scope();
    using making = new Tape(t.gpu);
    const quantizer = quantizerOf(t, { method: 'nf4', quantScale: true });
    const quantized = quantizer.quantizeWeight(making, weight, 'down_proj');
    made.addAll(quantized.parts);
    const trace: Application<Tensor>[] = [];
    using tape = new Tape(t.gpu, [x], { trace });
    tape.backward(multiplied(tape, quantized, x, 'down_proj'), dy);
    const sent = trace.filter(({ gradients }) => gradients?.['x']);
    t.expect(sent.length === 1, () => `${sent.length} ops send a gradient back`);
    await judgeApplications(t, 0, sent);
  });

const MANY_STEPS = 200;

qloraConvergence
  .case('loss')
  .tier('slow')
  .timeout(300_000)
  .covers(`${ROW}/loss-drop`)
  .desc(
    'In 200 steps adapters alone lower the loss of a language by 0.4, over a base in NF4 and below a head that stays as it was drawn, with a deviation of 0.1.',
  )
  .control('nothing is updated', (fault) => fault.host('train.llama.frozen', () => () => true))
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS, NARROW);
    const config = settings({ max_steps: MANY_STEPS });
    const { losses } = await typeRun(t, tiny, { config, texts: textsOf(t, tiny) });
    t.series('loss', losses);
    const fall = fallOf(losses);
    t.metric('fall', fall);
    t.expect(losses.length === MANY_STEPS, () => `${losses.length} steps were made`);
    t.expect(fall >= 0.4, () => `the loss fell by ${fall} of itself`);
  });
