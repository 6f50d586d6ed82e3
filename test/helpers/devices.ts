import { Webifi, type WebifiOptions } from '../../src/index';

/** Devices of one account, closed together. */
export class Devices {
  readonly all: Webifi[] = [];
  readonly #common: WebifiOptions;

  constructor(common: WebifiOptions) {
    this.#common = common;
  }

  create(options: WebifiOptions = {}): Webifi {
    const device = new Webifi({ ...this.#common, ...options });
    this.all.push(device);
    return device;
  }

  async open(options: WebifiOptions = {}): Promise<Webifi> {
    const device = this.create(options);
    device.start();
    await device.ready();
    return device;
  }

  async close(): Promise<void> {
    await Promise.all(this.all.splice(0).map((device) => device.close()));
  }
}
