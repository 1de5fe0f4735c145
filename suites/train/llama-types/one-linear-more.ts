import type { FaultDeclaration } from '../../../src/testing/fault.ts';

/** An adapter over a linear that no one named: every count is another. */
export const oneLinearMore = {
  name: 'another linear has an adapter',
  faults: (fault: FaultDeclaration) =>
    fault.host(
      'nn.llama.targetMatcher',
      (original) => (given: readonly string[], field: string) =>
        original(field === 'target_modules' ? [...given, 'o_proj'] : given, field),
    ),
};
