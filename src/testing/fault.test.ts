import { expect, test } from 'vitest';
import { seam } from '../seam.ts';
import { FaultInjector, faultsOf } from './fault.ts';

const doubled = seam('fault.test.doubled', (x: number) => 2 * x);
const negated = seam('fault.test.negated', (x: number) => -x);

/** A device that keeps the edits of its shaders. */
function deviceOf() {
  const edits: string[] = [];
  const edit = (file: string, { from, to }: { from: string; to: string }) => {
    edits.push(`${file}: ${from} -> ${to}`);
    return { [Symbol.dispose]: () => void edits.push(`${file}: back`) };
  };
  return { gpu: { recorder: { pipelines: { edit } } } as never, edits };
}

const faults = faultsOf((fault) => {
  fault.host('fault.test.doubled', () => () => 7);
  fault.launch('fault.test.negated', ([x]) => [(x as number) + 1]);
  fault.shader('nn/silu', 'exp(-x)', 'exp(x)');
});

test('faults that are declared break their places until the injector is disposed', () => {
  const { gpu, edits } = deviceOf();
  {
    using injector = new FaultInjector(gpu, faults);
    injector.inject(...faults);
    expect([doubled(3), negated(3), edits]).toEqual([7, -4, ['nn/silu: exp(-x) -> exp(x)']]);
  }
  expect([doubled(3), negated(3), edits.at(-1)]).toEqual([6, -3, 'nn/silu: back']);
});

test.each([
  [0, 'in fault.test.doubled'],
  [1, 'in fault.test.negated'],
  [2, 'at "exp(-x)" of nn/silu'],
])('a fault that is not declared is refused, with its place: %i', (at, place) => {
  const others = faults.filter((_, i) => i !== at);
  const { gpu } = deviceOf();
  using injector = new FaultInjector(gpu, others);
  const [fault] = faults.slice(at);
  expect(() => injector.inject(fault as (typeof faults)[number])).toThrow(
    `this case injects a fault ${place} and does not declare it`,
  );
});

test.each([
  { file: 'nn/gelu', from: 'exp(-x)', to: 'exp(x)' },
  { file: 'nn/silu', from: 'exp(-y)', to: 'exp(x)' },
  { file: 'nn/silu', from: 'exp(-x)', to: 'exp(y)' },
])('another replacement than the declared one is refused: %j', (shader) => {
  const { gpu } = deviceOf();
  using injector = new FaultInjector(gpu, faults);
  expect(() => injector.inject({ shader })).toThrow('does not declare it');
});
