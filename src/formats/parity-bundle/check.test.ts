import { describe, expect, test } from 'vitest';
import { InvariantError } from '../../errors.ts';
import { SignatureError } from '../../vocabulary/error.ts';
import { float } from '../../vocabulary/rules.ts';
import type { Signature } from '../../vocabulary/signature.ts';
import type { StoredDType, StoredTensor } from '../safetensors/stored.ts';
import { type BundleTensors, checkTensors } from './check.ts';
import { vocabulary } from './vocabulary.ts';

const x = { dtype: 'F32', shape: [2], bytes: new Uint8Array(8) } as const;
const NONE = { outputs: {}, gradsIn: {}, gradsOut: {} };

test('a shape that a rule refuses is a fault of the file; a rule that fails is one of ours', () => {
  const ruled = (shape: () => readonly number[]) => {
    const rule = { ...(vocabulary.get('silu') as Signature), inputs: { x: float(shape) } };
    return () => checkTensors(rule, {}, { inputs: { x }, ...NONE });
  };
  const refused = ruled(() => {
    throw new SignatureError('an even size is needed');
  });
  expect(refused).toThrow('in.x has shape [2]: an even size is needed');
  const unbound = new InvariantError('no pattern binds k');
  const failing = ruled(() => {
    throw unbound;
  });
  expect(failing).toThrow(unbound);
});

describe('element types that contradict each other are refused', () => {
  const stored = (dtype: StoredDType, size = 1): StoredTensor => ({
    dtype,
    shape: [1],
    bytes: new Uint8Array(size),
  });
  const check = (op: string, params: object, tensors: Partial<BundleTensors>) => () =>
    checkTensors(vocabulary.get(op) as Signature, params, {
      inputs: {},
      ...NONE,
      ...tensors,
    });
  const floats = stored('F32', 4);
  const integers = stored('I32', 4);
  const bytes = stored('U8');

  test('a cast to another type than it names', () => {
    const to = { to: 'float16' };
    const inputs = { x: floats };
    expect(check('cast', to, { inputs, outputs: { y: stored('F16', 2) } })).not.toThrow();
    expect(check('cast', to, { inputs, outputs: { y: floats } })).toThrow(
      'out.y is F32; of these inputs and params it is F16',
    );
    const wide = { to: 'float64' };
    expect(check('cast', wide, { inputs, outputs: { y: stored('F64', 8) } })).not.toThrow();
    expect(check('cast', wide, { inputs, outputs: { y: floats } })).toThrow('it is F64');
  });

  test('floats whose result is integers, and integers whose result is others', () => {
    const sum = (a: StoredTensor, b: StoredTensor, y: StoredTensor) =>
      check('add', {}, { inputs: { a, b }, outputs: { y } });
    expect(sum(floats, bytes, floats)).not.toThrow();
    expect(sum(floats, floats, integers)).toThrow(
      'out.y is I32; of these inputs and params it is F32',
    );
    expect(sum(bytes, bytes, bytes)).not.toThrow();
    expect(sum(bytes, bytes, integers)).toThrow(
      'out.y is I32; of these inputs and params it is U8',
    );
    expect(sum(bytes, integers, floats)).toThrow('it is I32');
    expect(sum(bytes, stored('I8'), bytes)).toThrow('is int16 in torch, which no bundle holds');
  });

  test('floats whose result is in other floats, but for scalars, which leave others their type', () => {
    const row = (dtype: StoredDType): StoredTensor => ({ ...stored(dtype), shape: [2] });
    const sum = (a: StoredTensor, b: StoredTensor, y: StoredDType) =>
      check('add', {}, { inputs: { a, b }, outputs: { y: { ...stored(y), shape: [2] } } });
    const half = row('F16');
    const words = 'of these inputs and params it is';
    expect(sum(half, half, 'F16')).not.toThrow();
    expect(sum(half, half, 'F32')).toThrow(`out.y is F32; ${words} F16`);
    expect(sum(half, row('F32'), 'F16')).toThrow(`${words} F32`);
    expect(sum(half, row('BF16'), 'F32')).not.toThrow();
    expect(sum(half, floats, 'F16')).not.toThrow();
    expect(sum(half, floats, 'F32')).not.toThrow();
    expect(sum(half, floats, 'BF16')).toThrow(`${words} F32 or F16`);
    const index = { ...stored('I32', 8), shape: [2] };
    const gathered = { inputs: { x: stored('F16'), indices: index }, outputs: { y: half } };
    expect(check('gather', { axis: 0 }, gathered), 'nothing but a scalar').not.toThrow();
    const parts = { inputs: { x0: half, x1: half }, outputs: { y: { ...half, shape: [4] } } };
    expect(check('concat', { axis: 0 }, parts)).not.toThrow();
    const wider = { ...parts, outputs: { y: { ...row('F32'), shape: [4] } } };
    expect(check('concat', { axis: 0 }, wider)).toThrow(`${words} F16`);
  });

  test('a gradient of integers, and one that is integers', () => {
    const gradsIn = { y: floats };
    const inputs = { a: floats, b: integers };
    const product = (more: Partial<BundleTensors>) =>
      check('mul', {}, { inputs, gradsIn, ...more });
    expect(product({ gradsOut: { a: floats } })).not.toThrow();
    expect(product({ gradsOut: { b: floats } })).toThrow(
      'out.grad.b: in.b is I32, and integers have no gradient',
    );
    expect(product({ gradsIn: { y: integers } })).toThrow('in.grad.y is I32; F32 or');
  });
});
