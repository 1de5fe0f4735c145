import { Llama } from '../../../src/models/llama/llama.ts';
import { isQuantized } from '../../../src/quant/weight.ts';
import { type HostTensor, valuesOf } from '../../../src/tensor/host.ts';
import type { CaseContext } from '../../../src/testing/context.ts';
import { assembled } from './four-bit.ts';
import { adapterOf, type LlamaVariant } from './llama-settings.ts';
import { type Setting, WEIGHTS } from './setting.ts';

/** The engine's Llama of a setting, with what of it must stay as it is. */
export interface FrozenLlama {
  readonly model: Llama;
  readonly frozen: ReadonlyMap<string, HostTensor>;
}

/** Builds it with the weights of the setting. */
export function llamaOf(
  t: CaseContext,
  variant: LlamaVariant,
  { initial, trains = () => true }: Setting,
): FrozenLlama {
  const { config, adapted = {} } = variant;
  const weights = initial(t.random(WEIGHTS));
  const frozen = new Map(weights.filter(([weight]) => !trains(weight)));
  const model = new Llama(t.gpu, config, {
    trained: new Map(weights.filter(([weight]) => trains(weight))),
    frozen: new Map(Object.entries(assembled(Object.fromEntries(frozen), adapted))),
    adapter: adapterOf(variant),
  });
  return { model, frozen };
}

/** Holds every bit of what is not trained against what it was: codes and scales too. */
export async function expectFrozen(
  t: CaseContext,
  step: number,
  { model, frozen }: FrozenLlama,
): Promise<void> {
  const held = model.names.flatMap((name) => {
    const value = model.view(name);
    if (!isQuantized(value)) return [[name, value] as const];
    return Object.entries(value.parts).map(
      ([part, tensor]) => [`${name}.${part}`, tensor] as const,
    );
  });
  for (const [name, host] of frozen) {
    const [, tensor] = held.find(([each]) => each === name) ?? [];
    t.expect(tensor !== undefined, () => `the model has no ${name}`);
    if (!tensor) continue;
    const { shape, data } = await tensor.read();
    const actual = { shape, data: Float64Array.from(data) };
    t.expectEqual(`step ${step}: frozen ${name}`, actual, { shape, data: valuesOf(host) });
  }
}
