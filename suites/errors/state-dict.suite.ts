import { FlatParameters } from '../../src/autograd/flat-parameters.ts';
import { loadState, StateDictError } from '../../src/autograd/state-dict.ts';
import { filledTensor, type HostTensors } from '../../src/tensor/host.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import { suite } from '../../src/testing/suite.ts';
import { bitsOf, wordsOf } from './bits.ts';

export const stateDicts = suite('errors.state-dict', {
  description: 'State dicts that do not fit their model: what is said, and what is loaded',
});

const SHAPES: Readonly<Record<string, Shape>> = {
  'fc1.weight': [8, 5],
  'fc1.bias': [8],
  'fc2.weight': [3, 8],
  'fc2.bias': [3],
  'norm.weight': [7],
  'norm.bias': [7],
};

/** Two missing, two unexpected, two of another shape, two that fit. */
const CORRUPTED: Readonly<Record<string, Shape>> = {
  'fc1.weight': [5, 8],
  'fc1.bias': [8],
  'fc2.weight': [3, 9],
  'fc3.weight': [2],
  'fc3.bias': [1],
  'norm.bias': [7],
};

const FITTING = ['fc1.bias', 'norm.bias'];

const DIFFERENCE = {
  missing: ['fc2.bias', 'norm.weight'],
  unexpected: ['fc3.weight', 'fc3.bias'],
  mismatched: [
    { name: 'fc1.weight', expected: [8, 5], got: [5, 8] },
    { name: 'fc2.weight', expected: [3, 8], got: [3, 9] },
  ],
};

function drawn(t: CaseContext, stream: number, shapes: Readonly<Record<string, Shape>>) {
  const random = t.random(stream);
  return Object.entries(shapes).map(
    ([name, shape]) => [name, filledTensor('f32', shape, () => random.normal())] as const,
  );
}

/** Loads the corrupted state into a model. */
async function load(t: CaseContext, options?: { readonly strict: boolean }) {
  using parameters = new FlatParameters(t.gpu, new Map(drawn(t, 1, SHAPES)));
  const state: HostTensors = Object.fromEntries(drawn(t, 2, CORRUPTED));
  const before = { bits: await bitsOf(parameters.data), values: await parameters.read() };
  let thrown: unknown;
  let returned: unknown;
  try {
    returned = loadState(parameters, state, options);
  } catch (error) {
    thrown = error;
  }
  const after = { bits: await bitsOf(parameters.data), values: await parameters.read() };
  return { state, before, after, thrown, returned };
}

stateDicts
  .case('all-in-one-error')
  .covers('triton.errors.corrupted-state-dict/all-keys-listed')
  .desc('One error lists every key that is missing, unexpected or of another shape, with shapes.')
  .control('the search ends with the first mismatch', (fault) =>
    fault.host('state.difference_of', (original) => (...args) => {
      const found = original(...args) as typeof DIFFERENCE;
      return { ...found, mismatched: found.mismatched.slice(0, 1) };
    }),
  )
  .run(async (t) => {
    const { thrown } = await load(t);
    t.expect(thrown instanceof StateDictError, () => `what is thrown is ${thrown}`);
    const { difference, message } = thrown as StateDictError;
    t.expect(
      JSON.stringify(difference) === JSON.stringify(DIFFERENCE),
      () => `found was ${JSON.stringify(difference)}`,
    );
    for (const part of [
      'missing: fc2.bias, norm.weight;',
      'unexpected: fc3.weight, fc3.bias;',
      'mismatched: fc1.weight (expected 8x5, got 5x8), fc2.weight (expected 3x8, got 3x9):',
    ]) {
      t.expect(message.includes(part), () => `"${part}" is not in: ${message}`);
    }
  });

stateDicts
  .case('nothing-written')
  .covers('triton.errors.corrupted-state-dict/weights-unchanged')
  .desc('After a state dict that was refused all weights have the bits that they had.')
  .control('what fits is loaded', (fault) => fault.host('state.must_fit', () => () => false))
  .run(async (t) => {
    const { before, after } = await load(t);
    t.expectEqual('bits of the weights', after.bits, before.bits);
  });

stateDicts
  .case('not-strict')
  .covers('triton.errors.corrupted-state-dict/non-strict-intersection')
  .desc(
    'With strict: false what fits is loaded, the rest keeps its bits, and the lists are returned.',
  )
  .control('nothing fits', (fault) =>
    fault.host('state.difference_of', (original) => (...args) => {
      const found = original(...args) as typeof DIFFERENCE;
      return { ...found, missing: [...found.missing, 'fc1.bias'] };
    }),
  )
  .run(async (t) => {
    const { state, before, after, thrown, returned } = await load(t, { strict: false });
    t.expect(thrown === undefined, () => `what is thrown is ${thrown}`);
    for (const name of Object.keys(SHAPES)) {
      const source = FITTING.includes(name) ? state[name] : before.values[name];
      const [expected, actual] = [source, after.values[name]].map((host) => ({
        shape: SHAPES[name] as Shape,
        data: host ? wordsOf(host) : new Float64Array(),
      }));
      if (expected && actual) t.expectEqual(`bits of ${name}`, actual, expected);
    }
    t.expect(
      JSON.stringify(returned) === JSON.stringify(DIFFERENCE),
      () => `returned is ${JSON.stringify(returned)}`,
    );
  });
