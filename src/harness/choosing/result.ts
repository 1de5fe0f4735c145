import { hasCosts, type Measured } from '../../quantizer/choosing/measured.ts';
import { metaLabel } from '../../quantizer/choosing/meta-words.ts';
import { groupOf, type WholeChoice } from '../../quantizer/choosing/schemes.ts';
import { relativeError } from '../../quantizer/choosing/square-sums.ts';
import type { WeightSource } from '../../quantizer/choosing/weight-source.ts';
import { finiteOrNull } from '../../reference/judge.ts';
import { caseId } from '../../testing/suite.ts';
import type { CaseOutcome } from '../worker/messages.ts';
import { layerInId } from './layer-name.ts';

/** A layer by its name, with the shape of its weight. */
type Layer = Pick<WeightSource, 'layer' | 'shape'>;

/** `quantize.nf4:mlp.up;bits=4;group=64`, with the group that this layer gets. */
function idOf({ layer, shape }: Layer, scheme: WholeChoice): string {
  const { method, bits, axis } = scheme;
  return caseId(`quantize.${method}`, layerInId(layer), {
    bits,
    group: groupOf(scheme, shape),
    ...(axis === undefined ? {} : { axis }),
    ...metaLabel(scheme),
  });
}

const NOT_FINITE = {
  code: 'not-finite',
  message: 'what it decodes, or a product with it, is not finite, so it has no error',
};

/**
 * A measurement as a report holds it: `pass` with its metrics where it was computed, `skip` where
 * method or device refused.
 */
export function outcomeOfMeasured(measured: Measured, layer: Layer): CaseOutcome {
  const { scheme, tookMs, result } = measured;
  const outcome = outcomeWithout(layer, scheme, tookMs);
  if (!hasCosts(measured))
    return 'why' in result
      ? { ...outcome, status: 'skip', skip: { code: result.code, detail: result.why } }
      : { ...outcome, status: 'skip' };
  const { weight, output, bytes, elements, quantizeMs, multiplyMs } = measured.result;
  const errors = {
    'weight-error': finiteOrNull(relativeError(weight)),
    'output-error': finiteOrNull(relativeError(output)),
  };
  return {
    ...outcome,
    status: 'pass',
    ...(Object.values(errors).includes(null) ? { finding: NOT_FINITE } : {}),
    // The bytes of its parts are those that the method predicts.
    assertions: 1,
    metrics: {
      ...errors,
      bytes,
      'bits-per-weight': (8 * bytes) / elements,
      'quantize-ms': quantizeMs,
      'multiply-ms': multiplyMs,
    },
  };
}

/** What all results have in common; a run that ended before says why in `error`. */
export function outcomeWithout(
  layer: Layer,
  scheme: WholeChoice,
  durationMs: number,
): Omit<CaseOutcome, 'status'> {
  return {
    id: idOf(layer, scheme),
    suite: `quantize.${scheme.method}`,
    backend: 'webgpu',
    covers: [],
    tier: 'full',
    durationMs,
    assertions: 0,
    kernels: [],
  };
}
