import type { Tape } from '../../autograd/tape.ts';
import { GradproofError } from '../../errors.ts';
import { documentMask } from '../../ops/attention/document_mask.ts';
import { seam } from '../../seam.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { shortContextOf } from '../../vocabulary/attention/rope-scaling.ts';
import type { LlamaConfig } from './config.ts';
import type { TextContext } from './text-context.ts';
import { windowOf } from './window-mask.ts';

/** What packed tokens see. */
const seen = seam('nn.llama.packedMask', (mask: Tensor): Tensor | undefined => mask);

/**
 * Several texts in each row of documents i32 [B, S], on the device: masks and positions are computed
 * there, so that a captured step has those of its own batch; the tape owns them. Throws
 * GradproofError `bad-length` where positions would depend on the longest text of a row, which the
 * host does not know.
 */
export function packedText(tape: Tape, config: LlamaConfig, documents: Tensor): TextContext {
  const length = documents.shape[1] as number;
  const { rope_scaling: scaling } = config;
  const context = shortContextOf(scaling) ?? length;
  if (length > context)
    throw new GradproofError(
      'bad-length',
      `packed rows of ${length} tokens are longer than the context of ${context}, beyond which ${scaling?.rope_type} positions depend on the longest text: pack rows of at most that, or do not pack`,
    );
  const window = windowOf(config);
  const masked = (name: string, params: { readonly window?: number }) =>
    tape.apply(documentMask, { documents }, params, name);
  const { position_ids, mask } = masked('documents', {});
  const near = window && length > window.tokens;
  const inWindow = near ? masked('documents.window', { window: window.tokens }).mask : mask;
  return {
    positions: position_ids,
    reach: length,
    causal: true,
    maskOf: (layer) => seen(window?.layers.includes(layer) ? inWindow : mask),
  };
}
