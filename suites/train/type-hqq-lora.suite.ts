import { Tape } from '../../src/autograd/tape.ts';
import { isQuantized } from '../../src/quant/weight.ts';
import { decodedWeight } from '../../src/quantizer/coding.ts';
import { suite } from '../../src/testing/suite.ts';
import { FEW_TOKENS, NARROW, tinyLlama } from './llama-types/tiny-llama.ts';
import { fallOf, opened, settingsOf, textsOf, typeRun } from './llama-types/type-run.ts';
import { download } from './tensors.ts';

export const typeHqqLora = suite('train.type-hqq-lora', {
  description:
    'A TinyLlama in HQQ codes of each width below adapters: how far codes are off, and learning',
});

const WIDTHS = [2, 3, 4, 8] as const;

/** Groups of 64 along rows, as fsdp_qlora has them. */
const codesOf = (nbits: number) => ({ quantization: { nbits, group_size: 64, axis: 1 } });

const RATE = 5e-3;
const nothingIsUpdated = 'nothing is updated';

typeHqqLora
  .case('trains', { nbits: WIDTHS })
  .tier('full')
  .timeout(60_000)
  .covers('fsdp.training.type-hqq-lora/trains-at-each-width')
  .desc('Twenty steps on one batch over a base of this width lower its loss by a tenth at least.')
  .control(nothingIsUpdated, (fault) => fault.host('train.llama.frozen', () => () => true))
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS, NARROW);
    const fields = { max_steps: 20, learning_rate: RATE, ...codesOf(t.params.nbits) };
    const config = settingsOf('hqq_lora', fields);
    const { losses } = await typeRun(t, tiny, { config, texts: textsOf(t, tiny, 2) });
    const first = losses.at(0) ?? 0;
    const last = losses.at(-1) ?? 0;
    t.metric('share', last / first);
    t.expect(losses.length === 20 && last <= 0.9 * first, () => `the losses are ${losses}`);
  });

typeHqqLora
  .case('errors')
  .tier('full')
  .timeout(180_000)
  .covers('fsdp.training.type-hqq-lora/error-monotone')
  .desc('With each width more the mean square of what codes are off is smaller, in every linear.')
  .control('no code is above 7', (fault) =>
    fault.shader('quant/hqq_encode', 'sizes.top)', 'min(sizes.top, 7.0))'),
  )
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS);
    const linears = [...tiny.weights.keys()].filter((name) => name.endsWith('_proj.weight'));
    const before = new Map<string, number>(linears.map((name) => [name, Number.POSITIVE_INFINITY]));
    for (const nbits of WIDTHS) {
      using model = await opened(t, tiny, settingsOf('hqq_lora', codesOf(nbits)));
      for (const name of linears) {
        const weight = model.view(name);
        t.expect(isQuantized(weight), () => `${name} is in floats`);
        if (!isQuantized(weight)) continue;
        using tape = new Tape(t.gpu);
        const { data } = await download(decodedWeight(tape, weight, name));
        const truth = tiny.weights.get(name)?.data as Float32Array;
        const error = data.reduce((sum, x, i) => sum + (x - (truth[i] as number)) ** 2, 0);
        const more = before.get(name) as number;
        t.expect(
          error > 0 && error < more,
          () => `${name}: ${error} in ${nbits} bits, ${more} in less`,
        );
        before.set(name, error);
      }
    }
  });

const STEPS = 200;

typeHqqLora
  .case('loss')
  .tier('slow')
  .timeout(300_000)
  .covers('fsdp.training.type-hqq-lora/loss-drop')
  .desc('Over a base of 4 bits 200 steps are enough to lower the loss of a language by 0.4.')
  .control(nothingIsUpdated, (fault) => fault.host('train.llama.frozen', () => () => true))
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS, NARROW);
    const fields = { max_steps: STEPS, learning_rate: RATE, ...codesOf(4) };
    const config = settingsOf('hqq_lora', fields);
    const until = (losses: readonly number[]) => fallOf(losses) >= 0.4;
    const { losses } = await typeRun(t, tiny, { config, texts: textsOf(t, tiny), until });
    t.series('loss', losses);
    const fall = fallOf(losses);
    t.metric('fall', fall);
    t.expect(losses.length <= STEPS, () => `${losses.length} steps were made`);
    t.expect(fall >= 0.4, () => `the loss fell by ${fall} of itself`);
  });
