import { float, none } from '../rules.ts';
import { signature } from '../signature.ts';

/**
 * How Quanto's Calibration follows the scale of a layer's input, for activations of qint8: what it
 * gives is what it takes with the next batch; 1 says that there was none.
 */
export const quantoCalibrate = signature({ family: 'quant', name: 'quanto_calibrate' }, none, {
  inputs: { x: float('[*x]'), input_scale: float('[1]') },
  outputs: { input_scale: float('[1]') },
});
