import { describe, expect, test } from 'vitest';
import { RandomState } from '../../autograd/random-state.ts';
import { Tape } from '../../autograd/tape.ts';
import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import { codedFolder, FIXTURE_CODINGS } from '../../formats/hugging-face/fixtures/coded-folder.ts';
import { TINY } from '../../formats/hugging-face/fixtures/tiny-folder.ts';
import { hostGpu } from '../../gpu/fixtures/host-gpu.ts';
import type { Application } from '../../graph/call.ts';
import { isQuantized } from '../../quant/weight.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Random } from '../../tensor/random.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { loadLlama } from './load.ts';
import { blockLinears } from './lora/module-names.ts';
import { adapterTargets } from './lora/targets.ts';

/** A model whose rows are whole groups of every library. */
const MODEL: ModelConfig = {
  ...TINY,
  ...{ hidden: 64, layers: 2, heads: 4, kvHeads: 4, headDim: 16, intermediate: 128 },
};
const backend = { name: 'host', supports: () => true };

test.each(FIXTURE_CODINGS)('linears that a folder in %s has in floats stay so', async (coding) => {
  const { gpu } = await hostGpu();
  const isCoded = (name: string) => name.endsWith('_proj.weight') && !name.includes('down_proj');
  const quantized = { backend, options: { method: 'nf4' } };
  using model = await loadLlama(gpu, codedFolder(MODEL, coding, isCoded), { length: 8, quantized });
  const coded = model.names.filter((name) => isQuantized(model.view(name)));
  expect(coded).toEqual(model.names.filter(isCoded));
  expect(coded).toHaveLength(2 * 6);
});

describe('a folder in 8 bits of bitsandbytes', () => {
  const linears = [...blockLinears(MODEL).keys()];
  const adapted = linears.filter((name) => /q_proj|down_proj/.test(name));

  /** The calls of a pass over a folder with this configuration, below adapters. */
  async function callsOver(
    said: object,
    more: { readonly use_dora?: boolean; readonly p?: number },
  ) {
    const { gpu } = await hostGpu();
    const quantization_config = { quant_method: 'bitsandbytes', load_in_8bit: true, ...said };
    const folder = codedFolder(MODEL, 'llm_int8', undefined, { quantization_config });
    const { use_dora = false, p: dropout = 0 } = more;
    const targets = adapterTargets(MODEL, {
      ...{ r: 2, lora_alpha: 4, target_modules: ['q_proj', 'down_proj'] },
    });
    const modules = new Map(
      [...targets].map(([name, size]) => [name, { ...size, use_dora, dropout }]),
    );
    const adapters = { modules, random: new Random(1) };
    using model = await loadLlama(gpu, folder, { length: 8, adapters });
    using ids = Tensor.from(gpu, hostTensorFrom('i32', [1, 4], [0, 1, 2, 3]));
    const trace: Application<Tensor>[] = [];
    using tape = new Tape(gpu, [], { trace, random: new RandomState(1) });
    model.forward(tape, { ids });
    return trace.map(({ op, layer, params }) => ({ op: op.name, layer, params }));
  }
  type Calls = Awaited<ReturnType<typeof callsOver>>;
  const thresholds = (calls: Calls) =>
    Object.fromEntries(
      calls.flatMap(({ op, layer, params }) =>
        op === 'matmul_8bit_lt' ? [[layer, (params as { threshold: number }).threshold]] : [],
      ),
    );
  const decoded = (calls: Calls) => calls.filter(({ op }) => op === 'int8_vectorwise_dequant');

  test.each([
    [{}, 6],
    [{ llm_int8_threshold: 0 }, 0],
    [{ llm_int8_threshold: 2.5 }, 2.5],
  ])(
    'is multiplied as %j says, with adapters and without, and never decoded',
    async (said, threshold) => {
      for (const p of [0, 0.5]) {
        const calls = await callsOver(said, { p });
        expect(thresholds(calls)).toEqual(
          Object.fromEntries(linears.map((name) => [name, threshold])),
        );
        expect(decoded(calls)).toEqual([]);
      }
    },
  );

  test('is decoded below DoRA for its norms, as PEFT has it, and multiplied in codes all the same', async () => {
    for (const p of [0, 0.5]) {
      const calls = await callsOver({ llm_int8_threshold: 1 }, { use_dora: true, p });
      expect(thresholds(calls)).toEqual(Object.fromEntries(linears.map((name) => [name, 1])));
      expect(decoded(calls).map(({ layer }) => layer)).toEqual(
        adapted.map((name) => `${name}.dequantize`),
      );
    }
  });
});
