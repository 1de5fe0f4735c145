import { expect, test } from 'vitest';
import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import { type Shape, sizeOf } from '../../tensor/shape.ts';
import { bundleOf, replayed } from './fixtures/replayed.ts';

const zeros = (...shape: Shape) => hostTensorFrom('f32', shape, Array(sizeOf(shape)).fill(0));
/** 1, 2, 3, ... */
const counted = (...shape: Shape) => filledTensor('f32', shape, (i) => i + 1);

interface Recorded {
  readonly op: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, ReturnType<typeof counted>>>;
  readonly y: Shape;
  /** As torch 2.15 gave it. */
  readonly torch: readonly number[];
}

const RECORDED: Readonly<Record<string, Recorded>> = {
  'an output padding of a step': {
    op: 'conv_transpose2d',
    params: { stride: [1, 2], output_padding: [1, 2], dilation: [2, 3] },
    inputs: { x: counted(1, 1, 1, 2), weight: counted(1, 1, 2, 2) },
    y: [1, 1, 4, 8],
    torch: [
      ...[1, 0, 2, 2, 0, 4, 0, 0],
      ...[0, 0, 0, 0, 0, 0, 0, 0],
      ...[3, 0, 6, 4, 0, 8, 0, 0],
      ...[0, 0, 0, 0, 0, 0, 0, 0],
    ],
  },
  'a signal without a batch': {
    op: 'conv1d',
    params: {},
    inputs: { x: counted(2, 4), weight: counted(1, 2, 2) },
    y: [1, 3],
    torch: [44, 54, 64],
  },
  'an image without a batch': {
    op: 'conv2d',
    params: {},
    inputs: { x: counted(1, 2, 3), weight: counted(1, 1, 2, 2) },
    y: [1, 1, 2],
    torch: [37, 47],
  },
  'windows of an image without a batch': {
    op: 'max_pool2d',
    params: { kernel: [1, 2], stride: 1 },
    inputs: { x: counted(1, 2, 3) },
    y: [1, 2, 2],
    torch: [2, 3, 5, 6],
  },
  'attention of two dimensions': {
    op: 'scaled_dot_product_attention',
    params: {},
    inputs: { q: zeros(2, 1), k: zeros(3, 1), v: counted(3, 2) },
    y: [2, 2],
    torch: [3, 4, 3, 4],
  },
  'attention of three dimensions, beside two': {
    op: 'scaled_dot_product_attention',
    params: {},
    inputs: { q: zeros(2, 1, 1), k: zeros(2, 1), v: counted(2, 2, 2) },
    y: [2, 1, 2],
    torch: [2, 3, 6, 7],
  },
  'attention of five dimensions': {
    op: 'scaled_dot_product_attention',
    params: {},
    inputs: { q: zeros(2, 1, 1, 1, 1), k: zeros(1, 2, 1, 2, 1), v: counted(2, 1, 1, 2, 1) },
    y: [2, 2, 1, 1, 1],
    torch: [1.5, 1.5, 3.5, 3.5],
  },
};

test.each(Object.keys(RECORDED))('%s is replayed', async (name) => {
  const { op, params, inputs, y, torch } = RECORDED[name] as Recorded;
  const recorded = (numbers: readonly number[]) =>
    bundleOf(op, { params, inputs, outputs: { y: hostTensorFrom('f32', y, numbers) } });
  const { thrown, evidence } = await replayed(recorded(torch));
  expect(thrown).toBeUndefined();
  expect(evidence).toMatchObject({ assertions: torch.length, finding: undefined });

  const wrong = await replayed(recorded(torch.with(-1, (torch.at(-1) as number) + 1)));
  expect(wrong.evidence.finding?.code).toBe('producer-deviates');
});
