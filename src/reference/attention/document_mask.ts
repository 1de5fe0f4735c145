import { hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { documentMask as signature } from '../../vocabulary/attention/document_mask.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';

/** What tokens of packed documents [B, S] see, u8 [B, 1, S, S], and their positions, i32 [B, S]. */
export function seenInDocuments(
  { shape, data }: Value,
  window = Number.POSITIVE_INFINITY,
): { readonly position_ids: Value; readonly mask: Value } {
  const [batch, length] = shape as [number, number];
  const positions = new Float64Array(data.length);
  for (const [i, document] of data.entries())
    if (i % length > 0 && data[i - 1] === document) positions[i] = (positions[i - 1] as number) + 1;
  const mask = new Float64Array(batch * length * length);
  for (const [i, position] of positions.entries())
    for (let back = 0; back <= position && back < window; back++)
      mask[i * length + (i % length) - back] = 1;
  return {
    position_ids: { dtype: 'i32', shape, data: positions },
    mask: { dtype: 'u8', shape: [batch, 1, length, length], data: mask },
  };
}

/** Documents of one to so many tokens. Neighbours have different numbers; some come again. */
function sample(
  shape: Shape,
  longest: number,
  params: { readonly window?: number } = {},
): SampleOf<typeof signature> {
  return {
    level: 'exact',
    label: { documents: formatShape(shape), longest, window: params.window ?? 'none' },
    params,
    inputs: (random) => {
      let left = 0;
      let number = 0;
      const data = random.fill(sizeOf(shape), () => {
        if (left-- > 0) return number;
        left = random.integer(1, longest) - 1;
        number = number < 1 ? number + 1 : -1;
        return number;
      });
      return { documents: hostTensorFrom('i32', shape, data) };
    },
  };
}

/** Whole numbers: exact. */
export const record = defineRecord(signature, {
  summary: 'positions within packed documents, and which tokens each of them sees',
  forward: ({ documents }, { window }) => seenInDocuments(documents, window),
  acceptance: () => ({ position_ids: { kind: 'exact' }, mask: { kind: 'exact' } }),
  samples: [
    sample([1, 1], 1),
    sample([2, 9], 4),
    sample([3, 13], 7, { window: 3 }),
    // The first words of a second workgroup, and a last word that is not full.
    sample([1, 17], 99, { window: 17 }),
    sample([5, 67], 20),
  ],
  faults: [
    {
      name: 'positions counted from 1',
      shader: {
        file: 'attention/document_positions',
        from: 'i32(before)',
        to: 'i32(before) + 1',
      },
    },
  ],
  plausibleBugs: [
    paramsBug('a window that is one wider', (params) => ({
      ...params,
      window: (params.window ?? 98) + 1,
    })),
    inputBug('one document', 'documents', () => 0),
    inputBug('the sign of a number lost', 'documents', (x) => Math.abs(x)),
  ],
});
