import { type ProbeFact, probeFacts } from '../../report/probe-facts.ts';
import type { CaseResult, Environment } from '../../report/schema.ts';
import { arithmeticWords } from '../speed/arithmetic.en.ts';

/** What a fact needs in the code of a kernel to matter for it. */
const IN_CODE: Readonly<Record<string, RegExp>> = {
  exactDivision: /[^/*]\/[^/*]/,
  exactSqrt: /\b(inverseSqrt|sqrt)\(/,
  contraction: /\*[^;\n]*[+-]|[+-][^;\n]*\*/,
  pack2x16float: /\bpack2x16float\(/,
  pack2x16floatOverflow: /\bpack2x16float\(/,
  quads: /\bquad\w*\(/,
  subgroupSize: /\b(subgroup|quad)\w*\(/,
};

/**
 * The facts about a chip that bear on a case: those about operations that its kernels do, and about
 * time where it was measured.
 */
export function probeThatApplies(
  probe: Environment['probe'],
  codes: readonly string[],
  result: CaseResult,
): readonly ProbeFact[] {
  const texts = codes.map((code) => code.replaceAll(/\/\/.*/g, ''));
  return probeFacts(probe, arithmeticWords().words).filter(({ key }) => {
    if (key === 'timestampQuantumNs')
      return result.gpuMs !== undefined || result.timing !== undefined;
    const needed = IN_CODE[key];
    // Rounding and denormals bear on whatever is judged by a bound.
    return needed ? texts.some((text) => needed.test(text)) : result.accuracy !== undefined;
  });
}
