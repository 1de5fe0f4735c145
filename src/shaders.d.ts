/** The build links a shader with what it imports and hands over its name and text. */
declare module '*.wgsl' {
  const shader: { readonly file: string; readonly code: string };
  export default shader;
}

/** A shader that leaves modules open: its texts, by what they are linked with. */
declare module '*.wgsl?links' {
  const shaders: Readonly<
    Record<string, { readonly file: string; readonly code: string; readonly link: string }>
  >;
  export default shaders;
}

declare module '*.wesl' {
  const shader: { readonly file: string; readonly code: string };
  export default shader;
}
