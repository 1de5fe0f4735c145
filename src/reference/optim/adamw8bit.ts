import { createDynamicMap } from '../../quant/dynamic/map.ts';
import { sizeOf } from '../../tensor/shape.ts';
import type { Adamw8bitHyperparameters } from '../../vocabulary/optim/adamw8bit.ts';
import { EPS } from '../bounds.ts';
import type { Value } from '../record.ts';
import { IN_FLOAT32 } from '../rounding.ts';
import { type AdamElement, adamBound, adamElement, adamScalars } from './adam.ts';
import {
  type Coded,
  type CodedError,
  type Coding,
  codeAcceptance,
  codedMoment,
  decodedMoment,
  momentRange,
  simulatedCodes,
} from './coded-moment.ts';
import type { Parameter, ParameterRule } from './parameter-rule.ts';
import { simulatedAdam } from './simulated-adam.ts';

/** The maps of the first moment, which has a sign, and of the second. */
export type MomentMaps = Readonly<Record<'exp_avg' | 'exp_avg_sq', ArrayLike<number>>>;

/** bitsandbytes' own. */
export const DYNAMIC_MAPS: MomentMaps = {
  exp_avg: createDynamicMap(true),
  exp_avg_sq: createDynamicMap(false),
};

const MOMENTS = ['exp_avg', 'exp_avg_sq'] as const;
type Moment = (typeof MOMENTS)[number];

/**
 * bitsandbytes.optim.AdamW8bit on parameters of `shape`, whose moments are kept in 8 bits. The
 * parameter moves by the moments before they are rounded to codes. Of a moment that is as near to
 * another code as its own error, either code is right, and what follows is as far off as they are
 * apart.
 */
export function adamw8bit(
  hyperparameters: Adamw8bitHyperparameters,
  shape: Value['shape'],
  maps: MomentMaps = DYNAMIC_MAPS,
): ParameterRule {
  const { blocksize, state_rounding: rounding } = hyperparameters;
  const codingOf = (moment: Moment): Coding => ({ map: maps[moment], blocksize, rounding });
  const scalarsAt = (step: number) => adamScalars({ ...hyperparameters, mode: 'adamw' }, step);
  const codedIn = (parameter: Parameter, moment: Moment): Coded => ({
    codes: parameter[moment] as Float64Array,
    absmax: parameter[`${moment}_absmax`] as Float64Array,
  });
  const decodedIn = (parameter: Parameter, moment: Moment): Float64Array =>
    decodedMoment(codedIn(parameter, moment), codingOf(moment));

  /** What `move` gives of each element with its moments decoded, which `decoded` tells. */
  const moved = (
    before: Parameter,
    grad: Float64Array,
    decoded: Readonly<Record<Moment, Float64Array>>,
    move: (element: AdamElement, grad: number, i: number) => AdamElement,
  ): Readonly<Record<keyof AdamElement, Float64Array>> => {
    const all = {
      param: new Float64Array(grad.length),
      exp_avg: new Float64Array(grad.length),
      exp_avg_sq: new Float64Array(grad.length),
    };
    for (const [i, g] of grad.entries()) {
      const element = {
        param: (before['param'] as Float64Array)[i] as number,
        exp_avg: decoded.exp_avg[i] as number,
        exp_avg_sq: decoded.exp_avg_sq[i] as number,
      };
      const after = move(element, g, i);
      all.param[i] = after.param;
      all.exp_avg[i] = after.exp_avg;
      all.exp_avg_sq[i] = after.exp_avg_sq;
    }
    return all;
  };
  const decodedBoth = (before: Parameter) => ({
    exp_avg: decodedIn(before, 'exp_avg'),
    exp_avg_sq: decodedIn(before, 'exp_avg_sq'),
  });
  const inFloat64 = (before: Parameter, grad: Float64Array, step: number) => {
    const scalars = scalarsAt(step);
    return moved(before, grad, decodedBoth(before), (element, g) =>
      adamElement(element, g, scalars),
    );
  };
  const keptAs = (parameter: Float64Array, coded: (moment: Moment) => Coded): Parameter => {
    const kept = MOMENTS.flatMap((moment) => {
      const { codes, absmax } = coded(moment);
      return Object.entries({ [moment]: codes, [`${moment}_absmax`]: absmax });
    });
    return { param: parameter, ...Object.fromEntries(kept) };
  };

  const codes = { dtype: 'u8', shape } as const;
  const absmax = { dtype: 'f32', shape: [Math.ceil(sizeOf(shape) / blocksize)] } as const;
  return {
    state: ['exp_avg', 'exp_avg_absmax', 'exp_avg_sq', 'exp_avg_sq_absmax'],
    storage: {
      exp_avg: codes,
      exp_avg_absmax: absmax,
      exp_avg_sq: codes,
      exp_avg_sq_absmax: absmax,
    },
    step: (before, grad, step) => {
      const after = inFloat64(before, grad, step);
      return keptAs(after.param, (moment) => codedMoment(after[moment], codingOf(moment)));
    },
    bound: (before, grad, step, carried, { ieee, otherFormulas }) => {
      const scalars = scalarsAt(step);
      const decoded = decodedBoth(before);
      const apart = (moment: Moment, i: number) =>
        (carried[`${moment}_apart`]?.[i] ?? 0) + EPS * Math.abs(decoded[moment][i] as number);
      const keep = 1 - scalars.restOfBeta1;
      const errors = moved(before, grad, decoded, (element, g, i) => {
        const others = otherFormulas
          ? EPS * (keep * Math.abs(element.exp_avg) + scalars.restOfBeta1 * Math.abs(g))
          : 0;
        const off = {
          exp_avg: keep * apart('exp_avg', i) + others,
          exp_avg_sq: scalars.beta2 * apart('exp_avg_sq', i),
        };
        return adamBound(element, g, scalars, off, {
          ...IN_FLOAT32,
          fastPowers: otherFormulas ?? false,
        });
      });
      const after = inFloat64(before, grad, step);
      const ranges = MOMENTS.flatMap((moment) => {
        const range = momentRange(after[moment], errors[moment], codingOf(moment), ieee);
        const { low, high, apart: spread, absmax: scale } = range;
        return Object.entries({
          [`${moment}_low`]: low,
          [`${moment}_high`]: high,
          [`${moment}_apart`]: spread,
          [`${moment}_absmax`]: scale,
        });
      });
      return { param: errors.param, ...Object.fromEntries(ranges) };
    },
    computed: (gpu, before, grad, step) => {
      const scalars = scalarsAt(step);
      const decoded = (moment: Moment) =>
        decodedMoment(codedIn(before, moment), codingOf(moment), (value, scale) =>
          gpu.mul(value, scale),
        );
      const both = { exp_avg: decoded('exp_avg'), exp_avg_sq: decoded('exp_avg_sq') };
      const after = moved(before, grad, both, (element, g) =>
        simulatedAdam(gpu, element, g, scalars),
      );
      return keptAs(after.param, (moment) => simulatedCodes(gpu, after[moment], codingOf(moment)));
    },
    accepts: (errors) =>
      Object.fromEntries(
        MOMENTS.flatMap((moment) => {
          const range: CodedError = {
            low: errors[`${moment}_low`] as Float64Array,
            high: errors[`${moment}_high`] as Float64Array,
          };
          const bound = errors[`${moment}_absmax`] as Float64Array;
          return [
            [moment, codeAcceptance(range)] as const,
            [`${moment}_absmax`, { kind: 'within', bound }] as const,
          ];
        }),
      ),
  };
}
