import { expect, test } from 'vitest';
import { InvariantError } from '../errors.ts';
import { signatureOf, signatures } from './registry.ts';
import type { TensorRules } from './rules.ts';
import type { Signature } from './signature.ts';

const rulesIn = (rules: TensorRules<never>) =>
  Object.entries(rules).map(([name, { shape, ...rule }]) => {
    const said = typeof shape === 'string' ? shape : 'a function';
    return `${name} ${said} ${JSON.stringify(rule, (_, value) => (typeof value === 'function' ? 'a function' : value))}`;
  });

/** All that a signature says without a call. */
const saidBy = ({ family, inBundles, defaults, inputs, outputs, saved, gradients }: Signature) => ({
  family,
  inBundles,
  defaults: JSON.stringify(defaults),
  inputs: rulesIn(inputs),
  outputs: rulesIn(outputs),
  saved: rulesIn(saved),
  gradients: gradients.join(', '),
});

test.each([...signatures])('what %s is called with is what was reviewed', (name, signature) => {
  expect(signature.name).toBe(name);
  expect(saidBy(signature)).toMatchSnapshot();
});

test('an op that there is not has no signature', () => {
  expect(() => signatureOf('matmull')).toThrow(InvariantError);
  expect(signatureOf('matmul')).toBe(signatures.get('matmul'));
});
