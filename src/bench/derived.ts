import type { Launcher } from '../ops/launcher.ts';
import type { OpRecord } from '../reference/record.ts';
import { recordOf } from '../reference/registry.ts';
import { bytesPerElement } from '../tensor/dtype.ts';
import type { HostTensors } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import { opWork } from './op-work.ts';
import type { OpWork } from './work.ts';

/** What goes through elements has as many as a layer's rows. */
const ELEMENTS: Shape = [1024, 1024];

/**
 * A work on an op that none was written for: of a function of each element at the size of a layer,
 * with the parameters of its record's last sample; of any other op that sample which reads most.
 */
export function derivedWork({ name, signature }: Pick<Launcher, 'name' | 'signature'>): OpWork {
  const record = recordOf(name);
  const { x, ...others } = signature.inputs;
  const isElementwise =
    x?.shape === '[*x]' &&
    Object.keys(others).length === 0 &&
    signature.outputs['y']?.shape === '[*x]';
  if (isElementwise) {
    return opWork({
      op: signature,
      sizes: { x: ELEMENTS.join('x') },
      group: 'ops',
      flops: sizeOf(ELEMENTS),
      params: record.samples.at(-1)?.params ?? {},
      inputs: { x: ELEMENTS },
      gives: { y: ELEMENTS },
    });
  }
  const { params, inputs, label } = largestSample(record);
  const drawn = inputs(new Random(0));
  const read = bytesOf(drawn);
  const words = Object.entries(label).map(([key, value]) => `;${key}=${value}`);
  return {
    kind: 'op',
    id: `bench.${name}:sample${words.join('')}`,
    op: name,
    group: 'ops',
    quick: false,
    flops: read,
    bytes: { read, written: read },
    call: (random) => ({ op: signature, params, inputs: inputs(random) }),
  };
}

function largestSample({ samples }: OpRecord): OpRecord['samples'][number] {
  const sizes = samples.map(({ inputs }) => bytesOf(inputs(new Random(0))));
  const largest = samples[sizes.indexOf(Math.max(...sizes))];
  if (!largest) throw new TypeError('a record has no sample');
  return largest;
}

function bytesOf(tensors: HostTensors): number {
  return Object.values(tensors).reduce(
    (sum, { dtype, shape }) => sum + bytesPerElement(dtype) * sizeOf(shape),
    0,
  );
}
