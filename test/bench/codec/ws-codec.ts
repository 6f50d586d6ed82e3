import type { Codec, Data, Flow } from './codec';

/** What is used here of two classes that `ws` exports and its types do not know. */
interface WsParts {
  Receiver: new (options: { isServer: boolean; maxPayload: number }) => {
    on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): void;
    write(chunk: Buffer): void;
  };
  Sender: new (socket: object) => {
    send(data: Data, options: { binary: boolean; mask: boolean; fin: boolean; compress: boolean }): void;
  };
}

/** The codec of `ws`, with or without its add-on, as the environment says. */
export async function loadWsCodec(): Promise<Codec> {
  const { Receiver, Sender } = (await import('ws')) as unknown as WsParts;
  return {
    receive({ masked }: Flow, onMessage) {
      const receiver = new Receiver({ isServer: masked, maxPayload: 1_048_576 });
      receiver.on('message', (data, isBinary) => onMessage(isBinary ? data : data.toString()));
      return (chunk) => receiver.write(chunk);
    },
    send({ masked, type }, write) {
      const sender = new Sender({ cork: () => undefined, uncork: () => undefined, write });
      const options = { binary: type === 'binary', mask: masked, fin: true, compress: false };
      return (data) => sender.send(data, options);
    },
  };
}
