import { hostTensorFrom } from '../tensor/host.ts';
import type { Draw } from './examples.ts';

/** How far the arms turn, in radians: no straight line parts them. */
const TURN = 1.5 * Math.PI;
/** Standard deviation of a point about its arm; the arms are more than ten times as far apart. */
const NOISE = 0.03;

/**
 * Points x f32 [n, 2] on two arms of a spiral, each the other's image in the origin; the label, 0
 * or 1, is the arm.
 */
export const drawSpirals: Draw = (count, random) => {
  const points: number[] = [];
  const labels: number[] = [];
  for (let i = 0; i < count; i++) {
    const label = random.integer(0, 1);
    const along = random.uniform(0.2);
    const angle = along * TURN;
    const signed = label === 0 ? along : -along;
    points.push(
      signed * Math.cos(angle) + random.normal(NOISE),
      signed * Math.sin(angle) + random.normal(NOISE),
    );
    labels.push(label);
  }
  return {
    inputs: { x: hostTensorFrom('f32', [count, 2], points) },
    labels: hostTensorFrom('i32', [count], labels),
  };
};
