/** What devices of any party told and no one else has heard: errors that no scope caught, and losses. */
export class UncapturedErrors {
  #first: string | undefined;
  #loss: GPUDeviceLostInfo | undefined;

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
    const lost = (info: GPUDeviceLostInfo) => {
      if (info.reason !== 'destroyed') this.#loss ??= info; // that is how its owner puts it away
    };
    prototype.requestDevice = async function (this: GPUAdapter, ...given) {
      const device = await requestDevice.apply(this, given);
      device.addEventListener('uncapturederror', ({ error }) => heard(error.message));
      device.lost.then(lost);
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

  /** The first loss since this was last asked. */
  takeLoss(): GPUDeviceLostInfo | undefined {
    const loss = this.#loss;
    this.#loss = undefined;
    return loss;
  }

  /** Goes on as if nothing had been told. */
  forget(): void {
    this.take();
    this.takeLoss();
  }
}
