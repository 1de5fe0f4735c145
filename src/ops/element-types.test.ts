import { describe, expect, test } from 'vitest';
import { GradproofError } from '../errors.ts';
import { records } from '../reference/registry.ts';
import type { DType } from '../tensor/dtype.ts';
import { launchers } from './registry.ts';

/** Halves need no look: they are cast to f32 before, or an op says that it reads them. */
const TYPES: readonly DType[] = ['f32', 'i32', 'u32', 'i8', 'u8'];

/** Whether an op refuses an input for its type; it gets nothing else, so it throws in any case. */
function refuses(op: string, input: string, dtype: DType): boolean {
  const launcher = launchers.get(op);
  try {
    launcher?.forward(
      { tuned: [] } as never,
      { [input]: { dtype } } as never,
      {} as never,
      Object.keys(launcher.variants)[0],
    );
  } catch (error) {
    return error instanceof GradproofError && error.code === 'element-type';
  }
  return false;
}

const inputs = [...records].flatMap(([op, record]) =>
  Object.entries(record.inputs).map(([input, { dtypes }]) => [op, input, dtypes] as const),
);

describe('an op refuses the element types that its record does not name', () => {
  test.each(inputs)('%s: %s', (op, input, dtypes) => {
    expect(TYPES.filter((dtype) => refuses(op, input, dtype))).toEqual(
      TYPES.filter((dtype) => !dtypes.includes(dtype)),
    );
  });
});
