/** Errors that devices told and that no scope has caught, on devices of any party. */
export class UncapturedErrors {
  #first: string | undefined;

  /**
   * Listens to every device that is asked for from now on in this realm, until disposed: a command
   * that fails computes nothing, and fast, and a library that does not listen would have the best
   * times.
   */
  watch(adapters: { prototype: Pick<GPUAdapter, 'requestDevice'> }): Disposable {
    const { prototype } = adapters;
    const { requestDevice } = prototype;
    const heard = (message: string) => {
      this.#first ??= message;
    };
    prototype.requestDevice = async function (this: GPUAdapter, ...given) {
      const device = await requestDevice.apply(this, given);
      device.addEventListener('uncapturederror', ({ error }) => heard(error.message));
      return device;
    };
    return {
      [Symbol.dispose]: () => {
        prototype.requestDevice = requestDevice;
      },
    };
  }

  /** The first error since this was last asked. */
  take(): string | undefined {
    const first = this.#first;
    this.#first = undefined;
    return first;
  }
}
