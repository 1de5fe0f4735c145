import type { Call } from '../../src/graph/call.ts';
import { matchesName } from '../../src/vocabulary/signature.ts';

/** Names of the inputs whose gradients a call asks for. */
export function wantedOf({ op, inputs, wants }: Call<unknown>): readonly string[] {
  const hasGradient = (name: string) => op.gradients.some((rule) => matchesName(rule, name));
  return wants ?? Object.keys(inputs).filter(hasGradient);
}
