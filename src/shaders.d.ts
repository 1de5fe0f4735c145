/** The build links a shader with what it imports and hands over its name and text. */
declare module '*.wgsl' {
  const shader: { readonly file: string; readonly code: string };
  export default shader;
}

/** A shader of quantized weights, linked for each number format: by the format's name. */
declare module '*.wgsl?formats' {
  const shaders: Readonly<
    Record<string, { readonly file: string; readonly code: string; readonly format: string }>
  >;
  export default shaders;
}

declare module '*.wesl' {
  const shader: { readonly file: string; readonly code: string };
  export default shader;
}
