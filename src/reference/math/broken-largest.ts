/** The fault of a fragment of the kernels that find largest terms, which lie apart or in whole fours. */
export function brokenLargest(from: string, to: string) {
  return {
    shader: { file: 'math/argmax', from, to },
    also: [{ shader: { file: 'math/argmax_fours', from, to } }],
  };
}
