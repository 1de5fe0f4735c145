import * as v from 'valibot';
import { float, integer, type Known, notNegative, optional } from '../rules.ts';
import { axisIn } from '../shapes.ts';
import { signature } from '../signature.ts';

const normParams = v.strictObject({
  eps: v.optional(notNegative, 1e-5),
  /** First normalised dimension; all from it to the last are normalised together. */
  axis: v.optional(integer, -1),
});

/** Shape of weight and bias: what is normalised. */
const normalised = ({ shape, params }: Known<v.InferOutput<typeof normParams>>) =>
  shape('x').slice(axisIn(params.axis, shape('x')));

/** The signature of a normalization of rows of x, with parameters as ONNX names them. */
export function normalization(name: string) {
  return signature({ family: 'nn', name }, normParams, {
    inputs: { x: float('[*x]'), weight: float(normalised), bias: optional(float(normalised)) },
    outputs: { y: float('[*x]') },
    gradients: ['x', 'weight', 'bias'],
  });
}

/** The signature of any normalization. */
export type Normalization = ReturnType<typeof normalization>;
