import { Webifi, type WebifiOptions } from '../../../src/browser';

/** Runs one device inside a worker: sends back to its sender whatever it gets, and says when it is ready. */
const scope = self as unknown as {
  onmessage: (event: MessageEvent<WebifiOptions>) => void;
  postMessage(sessionId: string): void;
};

scope.onmessage = ({ data }) => {
  const device = new Webifi(data);
  device.on('message', ({ bytes, from }) => device.sendData({ data: bytes, toSessionIds: [from] }));
  device.start();
  void device.ready().then(() => scope.postMessage(device.getSessionId()));
};
