import { tensorShapes } from '../../src/formats/hugging-face/architecture.ts';
import { blockLinears } from '../../src/models/llama/lora/module-names.ts';
import { predictedBytes } from '../../src/quantizer/quantizer.ts';
import { keptBytes } from '../../src/sheet/needs.ts';
import { DEFAULT_SETUP } from '../../src/sheet/setup.ts';
import { sizeOf } from '../../src/tensor/shape.ts';
import { suite } from '../../src/testing/suite.ts';
import { TRAINING_TYPE_NAMES } from '../../src/train/llama/config/types.ts';
import { forecastLlama } from '../../src/train/llama/forecast-llama.ts';
import { Optimizer } from '../../src/train/optimizer.ts';
import { type TinyLlama, tinyLlama, VOCABULARY } from './llama-types/tiny-llama.ts';
import { BATCH, LENGTH, opened, settingsOf, textsOf, typeRun } from './llama-types/type-run.ts';

export const stepMemory = suite('train.step-memory', {
  description:
    'What one step of a TinyLlama takes: trained whole, below adapters, and in codes too',
});

const FLOAT = 4;
/** Numbers that adapters train. */
const ADAPTERS = 122_880;
/** The gradient and two moments of AdamW. */
const BESIDE_EACH = 3 * FLOAT;
const TYPES = ['qlora', 'lora', 'full'] as const;
type Type = (typeof TYPES)[number];

/**
 * Bytes of a step as they follow from shapes: weights; of what is trained gradients and moments; what
 * forward leaves with the gradient of the logits; and, of a model that is trained whole, the largest
 * gradient on its way to its place.
 */
function analyticBytes({ config }: TinyLlama, type: Type): number {
  const linears = blockLinears(config);
  const shapes = [...tensorShapes(config)];
  const weights = shapes.reduce((sum, [name, shape]) => {
    const inCodes = type === 'qlora' && linears.has(name.replace(/\.weight$/, ''));
    return sum + (inCodes ? predictedBytes({ method: 'nf4' }, shape) : FLOAT * sizeOf(shape));
  }, 0);
  const sizes = shapes.map(([, shape]) => sizeOf(shape));
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const trained =
    type === 'full'
      ? BESIDE_EACH * all + FLOAT * Math.max(...sizes)
      : (FLOAT + BESIDE_EACH) * ADAPTERS;
  const setup = { ...DEFAULT_SETUP, rank: type === 'full' ? 0 : 8, batch: BATCH, context: LENGTH };
  const logits = FLOAT * BATCH * LENGTH * VOCABULARY;
  return weights + trained + keptBytes(config, setup, false) + logits;
}

stepMemory
  .case('types')
  .tier('full')
  .timeout(180_000)
  .covers(
    'fsdp.training.memory-efficiency-comparison/peak-order',
    'fsdp.training.memory-efficiency-comparison/analytic-within-10-percent',
    'fsdp.training.memory-efficiency-comparison/lora-state-bytes',
    'fsdp.training.memory-efficiency-comparison/numbers-exported',
  )
  .desc(
    'The peak of a step is least over codes, more below adapters and most of the whole model, each within 10 % of what shapes say; gradients and moments of adapters are 12 bytes a number.',
  )
  .control('the base below adapters is trained too', (fault) =>
    fault.host('train.llama.trains', () => () => () => true),
  )
  .run(async (t) => {
    const tiny = tinyLlama(t, VOCABULARY);
    const texts = textsOf(t, tiny);
    let below = 0;
    for (const type of TYPES) {
      const { peakBytes } = await typeRun(t, tiny, {
        config: settingsOf(type, { max_steps: 1 }),
        texts,
      });
      const analytic = analyticBytes(tiny, type);
      t.metric(`${type}.peakBytes`, peakBytes);
      t.metric(`${type}.analyticBytes`, analytic);
      t.expect(peakBytes > below, () => `${type} takes ${peakBytes} bytes, and less ${below}`);
      const off = peakBytes / analytic - 1;
      t.expect(Math.abs(off) <= 0.1, () => `${type} takes ${peakBytes} bytes, not ${analytic}`);
      below = peakBytes;
    }
    const config = settingsOf('lora');
    using model = await opened(t, tiny, config);
    const before = t.gpu.memory.ledger.liveBytes;
    using _optimizer = new Optimizer(t.gpu, model.parameters, config.optimizer);
    const bytes = t.gpu.memory.ledger.liveBytes - before;
    t.metric('lora.stateBytes', bytes);
    const wanted = BESIDE_EACH * ADAPTERS;
    t.expect(bytes === wanted, () => `gradients and moments take ${bytes} bytes, not ${wanted}`);
  });

/** The share of a forecast that is left. */
const MOST_LEFT = 0.1;

stepMemory
  .case('forecast')
  .tier('full')
  .timeout(300_000)
  .desc(
    'What is foretold of each of the ten types, from shapes, is reached within 10 % by the peak of a step, and never exceeded.',
  )
  .control('the base below adapters is trained too', (fault) =>
    fault.host('train.llama.trains', () => () => () => true),
  )
  .run(async (t) => {
    const tiny = tinyLlama(t, VOCABULARY);
    const texts = textsOf(t, tiny);
    // Codes first: what else is trained under the fault has a gradient there.
    for (const type of new Set([...TYPES, ...TRAINING_TYPE_NAMES])) {
      const adds = type.endsWith('_pro') ? { expansion_rate: 0.5 } : {};
      const config = settingsOf(type, { max_steps: 1, ...adds });
      const { total } = forecastLlama(tiny.config, config, LENGTH);
      const { peakBytes } = await typeRun(t, tiny, { config, texts });
      t.metric(`${type}.peakBytes`, peakBytes);
      t.metric(`${type}.forecastBytes`, total);
      const left = 1 - peakBytes / total;
      t.expect(
        left >= 0 && left <= MOST_LEFT,
        () => `${type} takes ${peakBytes} bytes at most, and ${total} are foretold`,
      );
    }
  });
