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

/** Whether bundles hold integers in it. */
export const isStoredInteger = (dtype: BundleDType): dtype is keyof typeof INTEGERS =>
  Object.hasOwn(INTEGERS, dtype);

/** The type of the floats among operands, as {@link promoted} has it, with float64 above all. */
function floatOf(operands: readonly BundleDType[]): BundleDType {
  const [only, ...others] = new Set(operands.filter((operand) => !isStoredInteger(operand)));
  if (only && others.length === 0) return only;
  return operands.includes('F64') ? 'F64' : 'F32';
}

/** Which element types a result may have: torch's of these operands. */
export function asOperands(operands: readonly BundleDType[]): readonly BundleDType[] {
  if (!operands.every(isStoredInteger)) return [floatOf(operands)];
  const dtype = promoted(operands.map((operand) => INTEGERS[operand]));
  const found = operands.find((operand) => INTEGERS[operand] === dtype);
  if (!found)
    throw new SignatureError('the type of U8 with I8 is int16 in torch, which no bundle holds');
  return [found];
}

/** The type of the floats among operands, and those wider, in which torch computes if it is told to. */
function asOperandsOrWider(operands: readonly BundleDType[]): readonly BundleDType[] {
  const type = floatOf(operands);
  return type === 'F64' ? [type] : [...new Set<BundleDType>([type, 'F32', 'F64'])];
}

/** The type of input `x`, whose elements a function takes each by itself. */
export const asX = (
  _operands: readonly BundleDType[],
  _params: object,
  { x }: Readonly<Record<string, BundleDType>>,
): readonly BundleDType[] => (x ? [x] : FLOAT);

/**
 * Which element types a product of matrices may have: of integers theirs, since torch multiplies
 * operands of one type alone; of halves float32 too, as torch.mm with `out_dtype`.
 */
export function asProduct(operands: readonly BundleDType[]): readonly BundleDType[] {
  const [first, ...others] = operands;
  if (!first || !operands.some(isStoredInteger)) {
    const type = floatOf(operands);
    return type === 'F64' ? [type] : [...new Set<BundleDType>([type, 'F32'])];
  }
  const other = others.find((operand) => operand !== first);
  if (other)
    throw new SignatureError(`torch multiplies no ${first} with ${other}: integers have one type`);
  return [first];
}

/**
 * Which element types a sum may have: integers are added up in 32 bits, and floats in wider ones if
 * torch is told so by `dtype`.
 */
export function asSum(operands: readonly BundleDType[]): readonly BundleDType[] {
  return operands.every(isStoredInteger) ? ['I32'] : asOperandsOrWider(operands);
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
  return rule?.storedAs?.(operands, params as never, inputs) ?? rule?.dtypes ?? [];
}
