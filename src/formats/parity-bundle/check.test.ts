import { expect, test } from 'vitest';
import { InvariantError } from '../../errors.ts';
import { SignatureError } from '../../vocabulary/error.ts';
import { float } from '../../vocabulary/rules.ts';
import type { Signature } from '../../vocabulary/signature.ts';
import { checkTensors } from './check.ts';
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
