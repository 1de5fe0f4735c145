import { hostTensorFrom } from '../tensor/host.ts';
import type { Draw } from './examples.ts';

/** Different labels. */
export const CLUSTER_CLASSES = 10;
/** Numbers of an example: one for each label, and some that tell nothing. */
export const CLUSTER_FEATURES = 12;

/** The middle of a cluster along its own axis, and how far points may lie from it on every axis. */
const MIDDLE = 2;
const REACH = 0.8;

/**
 * Points x f32 [n, 12] in ten boxes, each around a point of an axis of its own; the label is the
 * axis. Its number is above 1.2 and all others are below 0.8, so that planes part the labels.
 */
export const drawClusters: Draw = (count, random) => {
  const labels = Array.from({ length: count }, () => random.integer(0, CLUSTER_CLASSES - 1));
  const points = labels.flatMap((label) =>
    Array.from(
      { length: CLUSTER_FEATURES },
      (_, axis) => (axis === label ? MIDDLE : 0) + random.uniform(-REACH, REACH),
    ),
  );
  return {
    inputs: { x: hostTensorFrom('f32', [count, CLUSTER_FEATURES], points) },
    labels: hostTensorFrom('i32', [count], labels),
  };
};
