import { isQuantized } from '../../src/quant/weight.ts';
import type { DeviceWeight } from '../../src/quantizer/coding.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { suite } from '../../src/testing/suite.ts';
import { expectAlike } from './llama-types/alike.ts';
import { oneLinearMore } from './llama-types/one-linear-more.ts';
import { FEW_TOKENS, tinyLlama } from './llama-types/tiny-llama.ts';
import { opened, settingsOf, textsOf, typeRun } from './llama-types/type-run.ts';

export const typeQlora = suite('train.type-qlora', {
  description: 'A TinyLlama in NF4 below adapters: what is in codes, and steps computed again',
});

typeQlora
  .case('projections')
  .tier('full')
  .timeout(60_000)
  .covers('fsdp.training.type-qlora/projection-counts')
  .desc(
    'Of the 28 linears of four blocks all are in codes, and the 24 that are named have adapters.',
  )
  .control(oneLinearMore.name, oneLinearMore.faults)
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS);
    using model = await opened(t, tiny, settingsOf('qlora'));
    const linears = model.names.filter((name) => name.endsWith('_proj.weight'));
    t.expect(linears.length === 28, () => `there are ${linears.length} linears`);
    const coded = model.names.filter((name) => isQuantized(model.view(name)));
    t.expect(coded.join() === linears.join(), () => `in codes are ${coded}`);
    const adapted = model.parameters.names.filter((name) => name.endsWith('.lora_A'));
    t.expect(adapted.length === 24, () => `${adapted.length} linears have an adapter`);
  });

const DOUBLE = { bnb_4bit_use_double_quant: true };

typeQlora
  .case('skipped')
  .tier('full')
  .timeout(60_000)
  .covers('fsdp.training.type-qlora/skip-modules')
  .desc(
    'Of a base in NF4 with double quantization head and table, which the list of what is skipped names, stay the floats that they were; each linear more that it names does too, and all others are in codes.',
  )
  .control('the list is passed over', (fault) =>
    fault.host('train.llama.policyOf', (original) => (grown: object) => original(grown, [])),
  )
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS);
    const tables = ['lm_head', 'embed_tokens'];
    for (const [more, count] of [
      [[], 28],
      [['down_proj'], 24],
    ] as const) {
      const llm_int8_skip_modules = [...tables, ...more];
      const quantization = { ...DOUBLE, llm_int8_skip_modules };
      using model = await opened(t, tiny, settingsOf('qlora', { quantization }));
      const skips = (name: string) =>
        llm_int8_skip_modules.some((end) => name.endsWith(`${end}.weight`));
      const coded = model.names.filter((name) => isQuantized(model.view(name)));
      const expected = model.names.filter((name) => name.endsWith('_proj.weight') && !skips(name));
      t.expect(coded.length === count, () => `${coded.length} linears are in codes`);
      t.expect(coded.join() === expected.join(), () => `in codes are ${coded}`);
      for (const name of coded) {
        const { format, parts } = model.view(name) as DeviceWeight;
        const isDouble = parts['absmax_q']?.dtype === 'u8' && !('absmax' in parts);
        t.expect(format.name === 'nf4' && isDouble, () => `${name} is in ${format.name}`);
      }
      for (const name of [...tiny.weights.keys()].filter(skips)) {
        const { data } = await (model.view(name) as Tensor).read();
        const before = tiny.weights.get(name)?.data;
        t.expect(
          data.length === before?.length && data.every((x, i) => Object.is(x, before[i])),
          () => `${name} is not what it was`,
        );
      }
    }
  });

/** The catalog's: 4 bits a code, 8 a scale, and scale and mean of these. */
const SHARE = 0.13;

typeQlora
  .case('bytes')
  .tier('full')
  .timeout(60_000)
  .covers('fsdp.training.type-qlora/quantized-bytes')
  .desc(
    'With double quantization the 28 linears take at most 0.13 of their bytes in floats, beside the 256 numbers of the map that scales are codes of.',
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
    using model = await opened(t, tiny, settingsOf('qlora', { quantization: DOUBLE }));
    const weights = model.names.map((name) => model.view(name)).filter((view) => isQuantized(view));
    const bytesOf = (counts: (part: string) => boolean) =>
      weights
        .flatMap(({ parts }) => Object.entries(parts))
        .reduce((sum, [part, { bytes }]) => sum + (counts(part) ? bytes : 0), 0);
    const floats = weights.reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
    const share = bytesOf((part) => part !== 'code') / floats;
    t.metric('share', share);
    t.metric('shareWithMaps', bytesOf(() => true) / floats);
    t.expect(weights.length === 28, () => `${weights.length} linears are in codes`);
    t.expect(share <= SHARE, () => `they take ${share} of their bytes in floats`);
  });

const STEPS = 10;

typeQlora
  .case('checkpointing')
  .tier('full')
  .timeout(120_000)
  .covers('fsdp.training.type-qlora/checkpointing-losses')
  .desc(
    'With blocks computed again for backward ten steps, dropout of adapters among them, have the losses of steps that keep all, bit by bit.',
  )
  .control('other masks the second time', (fault) =>
    fault.host('random_state.from', () => (_state, _at, segment) => segment()),
  )
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS);
    const texts = textsOf(t, tiny);
    const lossesOf = async (gradient_checkpointing: boolean) => {
      const { lora, ...fields } = { lora: { r: 8, lora_dropout: 0.1 }, max_steps: STEPS };
      const given = { ...fields, lora, gradient_checkpointing, learning_rate: 5e-3 };
      return (await typeRun(t, tiny, { config: settingsOf('qlora', given), texts })).losses;
    };
    const kept = await lossesOf(false);
    const again = await lossesOf(true);
    t.expect(new Set(kept).size === STEPS, () => `the losses are ${kept}`);
    const other = kept.findIndex((loss, i) => !Object.is(loss, again[i]));
    t.expect(
      other < 0,
      () => `loss ${other} is ${again[other]} with checkpoints, and ${kept[other]}`,
    );
  });

typeQlora
  .case('own-layer')
  .tier('full')
  .timeout(240_000)
  .covers('fsdp.training.type-custom-qlora/losses-match-qlora')
  .desc('From the same seed custom_qlora has at each of 50 steps the loss of qlora, within 1e-4.')
  .control('twice the factor of the update', (fault) =>
    fault.host('nn.llama.adapterScale', (original) => (adapter: object) => 2 * original(adapter)),
  )
  .run((t) => expectAlike(t, ['qlora', 'custom_qlora']));
