import { QUANTO_TYPES } from '../../src/reference/quant/quanto-types.ts';
import { EXACT, exactly, rangesIn } from '../../src/reference/quant/ranges.ts';
import { type HostTensor, valuesOf } from '../../src/tensor/host.ts';
import type { CaseContext } from '../../src/testing/context.ts';
import type { ActivationType } from '../../src/vocabulary/quant/quanto_activation.ts';

/** How near outputs must be to those of torch. */
export const MOST = 1e-3;

/** The quantizer of each type of weights, in the groups that Quanto's modules choose. */
export const METHODS = {
  qint8: { method: 'quanto_int8' },
  qfloat8_e4m3fn: { method: 'quanto_float8' },
  qfloat8_e4m3fnuz: { method: 'quanto_float8_e4m3fnuz' },
  qfloat8_e5m2: { method: 'quanto_float8_e5m2' },
  qint4: { method: 'quanto_int', bits: 4 },
  qint2: { method: 'quanto_int', bits: 2 },
} as const;

/** Asserts that each activation has one code, whatever an adapter's division is. */
export function requireDecided(
  t: CaseContext,
  x: HostTensor,
  scale: number,
  qtype: ActivationType,
): void {
  const { codes, decode } = QUANTO_TYPES[qtype];
  const of = { scale: exactly(scale), shift: 0 };
  const legal = rangesIn('f32', false);
  const open = valuesOf(x).filter((value) => {
    const numbers = codes(value, of, legal).map((code) => decode(code, of, EXACT).low + 0);
    return new Set(numbers).size > 1;
  });
  t.expect(open.length === 0, () => `${open.length} activations lie between two codes`);
}
