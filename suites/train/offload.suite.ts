import { flatLayout, partsOf } from '../../src/autograd/flat-parameters.ts';
import { tensorShapes } from '../../src/formats/hugging-face/architecture.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import type { TrainingTypeName } from '../../src/train/llama/config/types.ts';
import {
  FEW_TOKENS,
  NARROW,
  type TinyLlama,
  tinyLlama,
  VOCABULARY,
} from './llama-types/tiny-llama.ts';
import { settingsOf, textsOf, typeRun } from './llama-types/type-run.ts';

export const offload = suite('train.offload', {
  description:
    'Fine-tuning with parameters and what the optimizer keeps in memory of the host: bytes, bits, transfers',
});

const FLOAT = 4;
/** Bytes of the smallest matrix of a TinyLlama. */
const MATRIX = FLOAT * 256 * 256;

/** Bytes of all parameters of a model that is trained whole, as they lie one behind the other. */
function parameterBytes({ config }: TinyLlama): ReadonlyMap<string, number> {
  const layout = flatLayout(tensorShapes(config), Number.POSITIVE_INFINITY);
  const parts = partsOf(layout);
  return new Map(
    [...layout.entries.keys()].map((name, i) => [name, FLOAT * (parts[i]?.size ?? 0)]),
  );
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((all, n) => all + n, 0);

async function run(t: CaseContext, tiny: TinyLlama, type: TrainingTypeName, fields: object) {
  const config = settingsOf(type, { max_grad_norm: 0.5, learning_rate: 1e-3, ...fields });
  return await typeRun(t, tiny, { config, texts: textsOf(t, tiny) });
}

offload
  .case('memory')
  .tier('full')
  .timeout(300_000)
  .covers('fsdp.training.cpu-offload/state-in-cpu', 'fsdp.training.cpu-offload/peak-halved')
  .desc(
    'A TinyLlama of 19,007,744 numbers that is trained whole: after loading nothing of it is on the device, after each step its gradients alone, and the peak is at most half of that without.',
  )
  .control('what was on the device stays there', (fault) =>
    fault.host('gpu.is_let_go', () => () => false),
  )
  .run(async (t) => {
    const tiny = tinyLlama(t, VOCABULARY);
    const without = await run(t, tiny, 'full', { max_steps: 2 });
    const offloaded = await run(t, tiny, 'full', { max_steps: 2, use_cpu_offload: true });
    const all = sum(parameterBytes(tiny).values());
    t.metric('without.peakBytes', without.peakBytes);
    t.metric('offloaded.peakBytes', offloaded.peakBytes);
    t.expect(
      offloaded.peakBytes <= 0.5 * without.peakBytes,
      () => `${offloaded.peakBytes} bytes at the peak, and ${without.peakBytes} without`,
    );
    for (const progress of offloaded.told) {
      if (progress.type !== 'loaded' && progress.type !== 'step') continue;
      // Beside gradients there are turns of positions, the batch, and numbers of the update.
      const beside = progress.bytes - (progress.type === 'step' ? all : 0);
      t.expect(
        beside < MATRIX,
        () => `${beside} bytes lie on the device beside gradients (${progress.type})`,
      );
    }
  });

/** Runs whose every loss is compared. */
const RUNS: readonly (readonly [TrainingTypeName, object])[] = [
  ['full', {}],
  ['full', { optim: 'adamw_8bit', gradient_accumulation_steps: 3 }],
  ['full', { fp16: true, optim: 'sgd', momentum: 0.9 }],
  ['lora', { bf16: true }],
  ['qlora', { gradient_checkpointing: true }],
  ['bnb_dora', {}],
];

offload
  .case('losses')
  .tier('full')
  .timeout(240_000)
  .covers('fsdp.training.cpu-offload/losses-bit-equal')
  .desc(
    'Three steps have the losses and leave the numbers of those without offload bit by bit: whole, adapters and codes, AdamW, its 8 bits and SGD with momentum, float32 and halves, micro-batches.',
  )
  .control('what was stepped stays behind', (fault) =>
    fault.host('train.keep_on_host', () => () => undefined),
  )
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS, NARROW);
    for (const [type, fields] of RUNS) {
      const what = `${type} ${JSON.stringify(fields)}`;
      const without = await run(t, tiny, type, { max_steps: 3, ...fields });
      const offloaded = await run(t, tiny, type, {
        ...{ max_steps: 3, use_cpu_offload: true },
        ...fields,
      });
      t.expect(
        offloaded.losses.every((loss, step) => Object.is(loss, without.losses[step])),
        () =>
          `${what}: losses are ${offloaded.losses.join(', ')}, not ${without.losses.join(', ')}`,
      );
      for (const [name, tensor] of Object.entries(without.trained)) {
        const same = offloaded.trained[name]?.data;
        t.expect(
          tensor.data.every((x, i) => Object.is(x, same?.[i])),
          () => `${what}: ${name} is another`,
        );
      }
    }
  });

offload
  .case('transfers')
  .tier('full')
  .covers('fsdp.training.cpu-offload/transfer-bytes')
  .desc(
    'Each step tells the bytes that went between host and device: all parameters forward, all but the embeddings backward, and in the update each with two moments there and back; with a paged optimizer moments alone.',
  )
  .control('half of each transfer is counted', (fault) =>
    fault.host('gpu.counted_transfer', (counted) => (bytes) => counted(bytes) / 2),
  )
  .run(async (t) => {
    const tiny = tinyLlama(t, FEW_TOKENS, NARROW);
    const bytes = parameterBytes(tiny);
    const all = sum(bytes.values());
    const embeddings = bytes.get('model.embed_tokens.weight') ?? 0;
    const wanted = [
      [{ use_cpu_offload: true }, all + (all - embeddings) + 2 * 3 * all],
      [{ optim: 'paged_adamw_32bit' }, 2 * 2 * all],
      [{}, undefined],
    ] as const;
    for (const [fields, expected] of wanted) {
      const { told } = await run(t, tiny, 'full', { max_steps: 2, ...fields });
      const steps = told.filter((progress) => progress.type === 'step');
      t.expect(steps.length === 2, () => `${steps.length} steps are told`);
      for (const { transferredBytes } of steps)
        t.expect(
          transferredBytes === expected,
          () => `${JSON.stringify(fields)}: ${transferredBytes} bytes, not ${expected}`,
        );
      if (expected !== undefined) t.metric(`${Object.keys(fields)[0]}.bytesOfStep`, expected);
    }
  });
