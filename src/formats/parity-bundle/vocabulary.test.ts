import { toJsonSchema } from '@valibot/to-json-schema';
import { expect, test } from 'vitest';
import type { TensorRules } from '../../vocabulary/rules.ts';
import { vocabulary } from './vocabulary.ts';

const OF_BRIDGE = '../../../bridge/src/gradproof_bridge/bundle/vocabulary.json';
const DTYPES_OF_BRIDGE = '../../../bridge/src/gradproof_bridge/bundle/dtypes.json';

test('the bridge has the same ops, tensors and parameters; -u writes its list anew', async () => {
  const lines = [...vocabulary].map(([op, { params, inputs, outputs, gradients }]) => {
    const schema = toJsonSchema(params, { errorMode: 'ignore', typeMode: 'input' });
    const listed = {
      params: readable(schema),
      inputs: named(inputs),
      outputs: Object.keys(outputs),
      gradients,
    };
    return `  ${JSON.stringify(op)}: ${JSON.stringify(listed)}`;
  });
  await expect(`{\n${lines.join(',\n')}\n}\n`).toMatchFileSnapshot(OF_BRIDGE);
});

test('the bridge knows the element types of every tensor; -u writes its list anew', async () => {
  const lines = [...vocabulary].map(([op, { inputs, outputs }]) => {
    const listed = { inputs: typed(inputs), outputs: typed(outputs) };
    return `  ${JSON.stringify(op)}: ${JSON.stringify(listed)}`;
  });
  await expect(`{\n${lines.join(',\n')}\n}\n`).toMatchFileSnapshot(DTYPES_OF_BRIDGE);
});

function typed(rules: TensorRules<never>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(rules).map(([name, { dtypes }]) => [name, dtypes.join(' ')]),
  );
}

/**
 * A name with `?` behind it may be absent, with some parameters at least; of `base.*` any number
 * may be there.
 */
function named(rules: TensorRules<never>): readonly string[] {
  return Object.entries(rules).map(([name, { optional, when }]) =>
    !(optional || when) || name.endsWith('*') ? name : `${name}?`,
  );
}

/**
 * Without what says nothing of a parameter: that an integer is one that a double holds, and which
 * draft of JSON Schema this is.
 */
function readable(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === '$schema' || Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER ? undefined : value,
  );
}
