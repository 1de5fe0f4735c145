import { type DType, isFloat } from '../tensor/dtype.ts';
import { SignatureError } from './error.ts';
import { type BundleDType, FLOAT } from './rules.ts';
import { ruleOf, type Signature } from './signature.ts';

/**
 * The element type in which torch computes with operands of these types: that of all floats among
 * them, float32 where they differ, and among integers alone the one that holds all their values.
 * Undefined where no tensor here has it: int16, to which torch promotes uint8 with int8.
 */
export function promoted(dtypes: Iterable<DType>): DType | undefined {
  const all = new Set(dtypes);
  const floats = [...all].filter(isFloat);
  const [only, ...others] = floats.length > 0 ? floats : all;
  if (others.length === 0) return only ?? 'f32';
  if (floats.length > 0) return 'f32';
  return all.has('i32') ? 'i32' : undefined;
}

const INTEGERS = { I32: 'i32', I8: 'i8', U8: 'u8' } as const;

const isStoredInteger = (dtype: BundleDType): dtype is keyof typeof INTEGERS =>
  Object.hasOwn(INTEGERS, dtype);

/** Which element types a result may have: torch's of these operands, and of floats any. */
export function asOperands(operands: readonly BundleDType[]): readonly BundleDType[] {
  if (!operands.every(isStoredInteger)) return FLOAT;
  const dtype = promoted(operands.map((operand) => INTEGERS[operand]));
  const found = operands.find((operand) => INTEGERS[operand] === dtype);
  if (!found)
    throw new SignatureError('the type of U8 with I8 is int16 in torch, which no bundle holds');
  return [found];
}

/**
 * Which element types a product of matrices may have: of integers theirs, since torch multiplies
 * operands of one type alone.
 */
export function asProduct(operands: readonly BundleDType[]): readonly BundleDType[] {
  const [first, ...others] = operands;
  if (!first || !operands.some(isStoredInteger)) return FLOAT;
  const other = others.find((operand) => operand !== first);
  if (other)
    throw new SignatureError(`torch multiplies no ${first} with ${other}: integers have one type`);
  return [first];
}

/** Which element types a sum may have: integers are added up in 32 bits. */
export function asSum(operands: readonly BundleDType[]): readonly BundleDType[] {
  return operands.every(isStoredInteger) ? ['I32'] : FLOAT;
}

/**
 * Which element types the output `name` may have, given how the inputs are stored. Throws
 * SignatureError where torch's is none that bundles hold.
 */
export function resultTypes(
  { inputs: rules, outputs }: Pick<Signature, 'inputs' | 'outputs'>,
  name: string,
  inputs: Readonly<Record<string, BundleDType>>,
  params: object,
): readonly BundleDType[] {
  const rule = ruleOf(outputs, name);
  const operands = Object.entries(inputs).flatMap(([input, dtype]) =>
    ruleOf(rules, input)?.operand ? [dtype] : [],
  );
  return rule?.storedAs?.(operands, params as never) ?? rule?.dtypes ?? [];
}
