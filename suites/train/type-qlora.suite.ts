import { isQuantized } from '../../src/quant/weight.ts';
import { suite } from '../../src/testing/suite.ts';
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
