import { describe, expect, test } from 'vitest';
import type { FormatError } from '../formats/format-error.ts';
import type { ParityBundle } from '../formats/parity-bundle.ts';
import type { OpRecord } from '../reference/record.ts';
import { records } from '../reference/registry.ts';
import { CaseContext } from './context.ts';
import {
  controlOf,
  declareReplay,
  declareUnreadable,
  declareWeight,
  forwardFault,
} from './parity.ts';

const recordOf = (name: string) => records.get(name) as OpRecord;

test('a replay is controlled by the first forward fault of each variant', () => {
  const attention = forwardFault(recordOf('scaled_dot_product_attention'));
  const { faults } = recordOf('scaled_dot_product_attention');
  const first = (variant: string) =>
    faults.find(
      ({ direction = 'forward', variants }) =>
        direction === 'forward' && (variants?.includes(variant) ?? true),
    );
  expect(attention.faults).toEqual([first('flash'), first('tiled')]);
  expect(attention.name).toBe(`${first('flash')?.name}, ${first('tiled')?.name}`);
});

test('a fault of all variants is there once, and one of the backward pass never', () => {
  const { faults, name } = forwardFault(recordOf('gather'));
  expect([faults.length, name]).toEqual([1, 'the next row']);
});

test('faults of floats and of integers break two places, each by one fault', () => {
  const inOne = [...records.values()].filter((record) => {
    const files = forwardFault(record).faults.flatMap((fault) =>
      'shader' in fault ? [fault.shader.file] : [],
    );
    return new Set(files).size < files.length;
  });
  expect(inOne.map(({ name }) => name)).toEqual([]);
});

test('an op without a launcher has no fault that turns its replay red', () => {
  expect(forwardFault({ ...recordOf('gather'), name: 'no_such_op' }).faults).toEqual([]);
});

describe('the case of a recording', () => {
  const bundle = (op: string) =>
    ({
      op,
      producer: 'torch 2',
      device: 'cpu',
      params: {},
      tensors: {},
    }) as unknown as ParityBundle;

  test('replays it with a fault of its op, within its time', () => {
    const silu = declareReplay('a', bundle('gather'));
    expect(silu).toMatchObject({
      id: 'parity.gather:a',
      suite: 'parity.gather',
      timeoutMs: 60_000,
      control: { name: 'the next row' },
      description:
        'gather as torch 2 recorded it (cpu): is ours within the bound of the float64 oracle, and is the recorded value?',
    });
    const run = declareReplay('b', bundle('train_llama'));
    expect(run).toMatchObject({
      id: 'parity.train_llama:b',
      timeoutMs: 300_000,
      control: { name: 'positions rotate neighbouring columns' },
    });
    const long = { ...bundle('train_llama'), params: { steps: 200 } };
    expect(declareReplay('c', long).timeoutMs).toBe(300_000 + 200 * 3000);
    expect(controlOf('no_such_op')).toEqual({
      name: 'no fault is known of an op that is not there',
      faults: [],
    });
  });

  test('of a checkpoint has time for each of its elements', () => {
    const weight = (shape: readonly number[], nested?: object) =>
      ({ format: { name: 'nf4' }, blocksize: 64, shape, dtype: 'float16', nested }) as never;
    expect(declareWeight('w', weight([1000, 1000]))).toMatchObject({
      id: 'parity.checkpoint:w',
      timeoutMs: 60_000 + 10_000,
      description:
        'a float16 weight 1000x1000 in nf4, blocks of 64, scales in 32 bits: is every element that our kernels decode within the bound of the float64 oracle?',
    });
    const small = declareWeight('w', weight([1], {}));
    expect(small.timeoutMs).toBe(60_001);
    expect(small.description).toContain('scales in 8 bits');
    expect(small.control.faults.length).toBeGreaterThan(0);
  });

  test('of a file that cannot be read ends with what is wrong with it', async () => {
    const error = Object.assign(new Error('it is cut off'), { code: 'bad-file' }) as FormatError;
    const declared = declareUnreadable('x', error);
    expect(declared).toMatchObject({
      id: 'parity.unreadable:x',
      timeoutMs: 60_000,
      control: { faults: [] },
      description: 'a file that is not a parity bundle',
    });
    const ended = await declared
      .run(new CaseContext({ ieee: true, seed: 1, injects: [] } as never))
      .catch((thrown: unknown) => thrown);
    expect(ended).toMatchObject({ code: 'bad-file', message: 'it is cut off', cause: error });
  });
});
