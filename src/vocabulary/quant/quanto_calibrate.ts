import { float } from '../rules.ts';
import { signature } from '../signature.ts';
import { ofActivations } from './quanto_activation.ts';

/**
 * How Quanto's Calibration follows the scale of a layer's input: what it gives is what it takes with
 * the next batch; 1 says that there was none.
 */
export const quantoCalibrate = signature(
  { family: 'quant', name: 'quanto_calibrate' },
  ofActivations,
  {
    inputs: { x: float('[*x]'), input_scale: float('[1]') },
    outputs: { input_scale: float('[1]') },
  },
);
