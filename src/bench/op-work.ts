import type { Call } from '../graph/call.ts';
import { mapped } from '../graph/call.ts';
import { bytesPerElement } from '../tensor/dtype.ts';
import type { HostTensor } from '../tensor/host.ts';
import type { Random } from '../tensor/random.ts';
import { type Shape, sizeOf } from '../tensor/shape.ts';
import { normals } from '../testing/normals.ts';
import type { Signature } from '../vocabulary/signature.ts';
import type { OpWork, WorkGroup } from './work.ts';

/** An operand: a shape stands for normal numbers in float32. */
export type Operand =
  | Shape
  | {
      readonly shape: Shape;
      readonly bytesEach: number;
      readonly draw: (random: Random, shape: Shape) => HostTensor;
    };

type Operands = Readonly<Record<string, Operand>>;

/** What is told of a work on an op. */
export interface OpWorkGiven
  extends Partial<
    Pick<
      OpWork,
      | 'isLarge'
      | 'isInPlace'
      | 'isOnHost'
      | 'lookUps'
      | 'judgedRows'
      | 'growth'
      | 'subgroup'
      | 'inFloats'
    >
  > {
  readonly op: Signature;
  /** Of the operands, or of codes. Default f32. */
  readonly dtype?: string;
  /** What tells the work from others of its op, in the order of the id. */
  readonly sizes: Readonly<Record<string, string | number | boolean>>;
  readonly group: WorkGroup;
  readonly quick?: boolean;
  readonly flops: number;
  readonly params?: object;
  readonly inputs: Operands;
  /** Bytes that are read, where these are not all of the inputs. */
  readonly reads?: number | undefined;
  /** The outputs, or the bytes of all. */
  readonly gives: Operands | number;
  /** Inputs whose gradients are computed too. Default none: forward alone. */
  readonly wants?: readonly string[];
}

const FLOAT_BYTES = 4;

/** Id of y = x W^T of `m` rows with a weight [n, k] in float32. */
export const linearInFloats = (m: number, n: number, k: number): string =>
  `bench.matmul:f32;m=${m};n=${n};k=${k};transposed=b`;

/**
 * A work on an op at one size. Where gradients are wanted, those of the outputs are drawn, and
 * forward and backward are timed together.
 */
export function opWork(given: OpWorkGiven): OpWork {
  const { op, dtype = 'f32', sizes, group, quick = false, flops, params = {} } = given;
  const { inputs, gives, wants, isLarge, isInPlace, isOnHost, lookUps, judgedRows, growth } = given;
  const { subgroup, inFloats } = given;
  const told = wants ? { ...sizes, grad: wants.join('+') } : sizes;
  const words = Object.entries(told).map(([name, value]) => `;${name}=${value}`);
  const outputs = typeof gives === 'number' ? {} : gives;
  const written = typeof gives === 'number' ? gives : bytesOfAll(outputs);
  const read = given.reads ?? bytesOfAll(inputs);
  const gradients = (wants ?? []).reduce((sum, name) => sum + bytesOf(inputs[name] ?? []), 0);
  return {
    kind: 'op',
    id: `bench.${op.name}:${dtype}${words.join('')}`,
    op: op.name,
    group,
    ...(subgroup ? { subgroup } : {}),
    ...(inFloats ? { inFloats } : {}),
    quick,
    flops,
    bytes: { read: read + (wants ? written : 0), written: written + gradients },
    ...(isLarge ? { isLarge } : {}),
    ...(isInPlace ? { isInPlace } : {}),
    ...(isOnHost ? { isOnHost } : {}),
    ...(lookUps ? { lookUps } : {}),
    ...(judgedRows ? { judgedRows } : {}),
    ...(growth ? { growth } : {}),
    call: (random): Call<HostTensor> => ({
      op,
      params,
      inputs: mapped(inputs, (operand) => drawn(random, operand)),
      ...(wants ? { grads: mapped(outputs, (operand) => drawn(random, operand)), wants } : {}),
    }),
  };
}

/** Elements of a type other than float32. */
export function operand(
  shape: Shape,
  dtype: HostTensor['dtype'],
  draw: (random: Random, shape: Shape) => HostTensor,
): Operand {
  return { shape, bytesEach: bytesPerElement(dtype), draw };
}

function isShape(operand: Operand): operand is Shape {
  return Array.isArray(operand);
}

function bytesOfAll(operands: Operands): number {
  return Object.values(operands).reduce((sum, operand) => sum + bytesOf(operand), 0);
}

function bytesOf(operand: Operand): number {
  return isShape(operand)
    ? FLOAT_BYTES * sizeOf(operand)
    : operand.bytesEach * sizeOf(operand.shape);
}

function drawn(random: Random, operand: Operand): HostTensor {
  return isShape(operand) ? normals(random, operand) : operand.draw(random, operand.shape);
}
